import type { PlanKey } from "../../../schema/plan.ts";
import type { Windows } from "../../../schema/windows.ts";
import { liesByKey } from "../plan/windows.ts";
import { OrderedView } from "../read/ordered-view.ts";
import type { Place } from "../read/view.ts";
import type { CachedStore } from "../store/cached-store.ts";
import type { StateStore } from "../store/state-store.ts";
import type { StoreCache } from "../store/store-cache.ts";
import { SpanKey } from "./span-key.ts";
import { type SlotWindows, slotsOf } from "./window-slots.ts";

/** Rows read at once where they are read from the StateStore. */
const PAGE = 500;

/** A row of a table, its state as JSON. */
export interface ContentRow {
  readonly key: Exclude<PlanKey, null>;
  readonly text: string;
  readonly timestampMs: number;
}

export interface TableStore {
  readonly storeName: string;
  readonly windows: Windows | undefined;
}

/**
 * All rows of a table with what this batch changed: by key, of windows by start and key, of sliding windows and sessions by
 * key and time, which is how they lie.
 */
export function tableContent(
  { storeName, windows }: TableStore,
  { cache, store }: { readonly cache: StoreCache; readonly store: StateStore },
): () => Iterable<ContentRow> {
  if (windows === undefined) return () => rowsByKey(cache, cache.open(storeName, "keyValue"));
  if (!liesByKey(windows)) return () => rowsBySlot(cache, cache.open(storeName, "window"), windows);
  const view = new OrderedView({ store, name: storeName, result: undefined }, windows);
  return function* () {
    // They are read where they lie: an ordered store is not scanned through the cache.
    cache.writeEarly();
    for (let after: Place | undefined; ;) {
      const { rows, next } = view.scan({ after, limit: PAGE });
      for (const { key, start = 0, end = 0, value, timestampMs } of rows) {
        const window = windows.kind === "session" ? new SpanKey(key, start, end) : { key, start, end };
        yield { key: window, text: value, timestampMs };
      }
      if (next === undefined) return;
      after = next;
    }
  };
}

function* rowsByKey(cache: StoreCache, store: CachedStore): Generator<ContentRow> {
  for (const { key, value, timestampMs } of cache.scan(store, {})) yield { key, text: value, timestampMs };
}

function* rowsBySlot(cache: StoreCache, store: CachedStore, windows: SlotWindows): Generator<ContentRow> {
  const slots = slotsOf(windows, undefined);
  for (const { key, start, value } of cache.dueWindows(store, { upToStart: Infinity })) {
    if (value !== undefined) yield { key: slots.keyOf(key, start), text: value.value, timestampMs: value.timestampMs };
  }
}
