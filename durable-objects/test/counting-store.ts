import { MemoryStateStore } from "../core/store/memory-state-store.ts";
import type { StoredValue } from "../core/store/state-store.ts";
import { StoreCache, type CachedStore } from "../core/store/store-cache.ts";
import { UndoLog } from "../core/store/undo-log.ts";

/** Counts what reaches the store. */
export class CountingStore extends MemoryStateStore {
  reads = 0;
  writes = 0;

  override get(store: string, key: string): StoredValue | undefined {
    this.reads++;
    return super.get(store, key);
  }

  override put(store: string, key: string, stored: StoredValue | undefined): void {
    this.writes++;
    super.put(store, key, stored);
  }
}

export function countingCache(cacheBytes = 1_000_000): {
  store: CountingStore;
  undo: UndoLog;
  cache: StoreCache;
  table: CachedStore;
} {
  const store = new CountingStore();
  const undo = new UndoLog();
  const cache = new StoreCache(store, undo, cacheBytes);
  return { store, undo, cache, table: cache.open("s", "keyValue") };
}
