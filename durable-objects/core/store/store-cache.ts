import { CacheMemory, type Resident } from "./cache-memory.ts";
import type { OrderedOptions } from "./ordered-rows.ts";
import { OrderedStore } from "./ordered-store.ts";
import type { StateStore, StoredValue, StoreKind } from "./state-store.ts";
import type { Undoable, UndoLog } from "./undo-log.ts";

/** Bytes of one entry besides its texts, roughly: the object, its maps' slots and its StoredValue. */
const ENTRY_BYTES = 200;

/** Entries of one window. While `complete`, every row of it is here: a key that is not has no row anywhere. */
class WindowRows extends Map<string, StateEntry> {
  complete: boolean;

  constructor(complete: boolean) {
    super();
    this.complete = complete;
  }
}

type EntryKind = Exclude<StoreKind, "ordered">;

/** A store as the cache knows it. Windowed entries lie by start, so that a window leaves in one step. */
export class CachedStore {
  readonly name: string;
  readonly kind: EntryKind;
  readonly rows = new Map<string, StateEntry>();
  readonly windows = new Map<number, WindowRows>();
  /** Windows that start before this have been removed from the StateStore. */
  expiredBeforeMs = -Infinity;

  constructor(name: string, kind: EntryKind) {
    this.name = name;
    this.kind = kind;
  }
}

/**
 * One key's state in the cache, present or known to be absent. Values are immutable JSON text: what user code does with
 * an object it was handed cannot reach the state. Valid until the record ends: never kept across records.
 */
export class StateEntry implements Undoable, Resident {
  readonly store: CachedStore;
  readonly start: number;
  readonly key: string;
  /** `undefined`: no row. */
  value: StoredValue | undefined;
  /** What the StateStore holds. */
  stored: StoredValue | undefined;
  dirty = false;
  used = false;
  expired = false;
  bytes: number;

  constructor(at: { store: CachedStore; start: number; key: string }, stored: StoredValue | undefined) {
    this.store = at.store;
    this.start = at.start;
    this.key = at.key;
    this.value = stored;
    this.stored = stored;
    this.bytes = ENTRY_BYTES + 2 * (at.key.length + lengthOf(stored));
  }

  undo(saved: unknown): void {
    this.value = saved as StoredValue | undefined;
  }

  leave(): void {
    const { store, start, key } = this;
    if (store.kind === "keyValue") store.rows.delete(key);
    else {
      const rows = store.windows.get(start);
      if (rows?.delete(key) === true) rows.complete = false;
      if (rows?.size === 0) store.windows.delete(start);
    }
  }
}

/**
 * Write-back cache over the StateStore. `write` changes memory only; `flush` writes each changed key once. What stays in
 * memory is a matter of speed: the same calls give the same state whatever `cacheBytes` is (STO-6).
 */
export class StoreCache {
  readonly #store: StateStore;
  readonly #undo: UndoLog;
  readonly #memory: CacheMemory;
  readonly #dirty: StateEntry[] = [];
  readonly #ordered: OrderedStore[] = [];
  #written = 0;
  #failed = false;

  constructor(store: StateStore, undo: UndoLog, cacheBytes: number) {
    this.#store = store;
    this.#undo = undo;
    this.#memory = new CacheMemory(cacheBytes);
  }

  /** The StateStore threw: what is in memory must be forgotten and its transaction rolled back. */
  get failed(): boolean {
    return this.#failed;
  }

  open(name: string, kind: EntryKind): CachedStore {
    this.#guard(() => this.#store.open(name, kind));
    return new CachedStore(name, kind);
  }

  /** `options` as for the StateStore: the owner gives the bound again that it knows from an earlier life. */
  openOrdered(name: string, options: OrderedOptions): OrderedStore {
    this.#guard(() => this.#store.open(name, "ordered", options));
    const store = new OrderedStore({
      name,
      rows: this.#store.ordered,
      undo: this.#undo,
      memory: this.#memory,
      guard: (call) => this.#guard(call),
      expiredBefore: options.expiredBefore ?? -Infinity,
    });
    this.#ordered.push(store);
    return store;
  }

  entry(store: CachedStore, key: string): StateEntry {
    const known = store.rows.get(key);
    if (known !== undefined) {
      known.used = true;
      return known;
    }
    const entry = new StateEntry(
      { store, start: 0, key },
      this.#guard(() => this.#store.get(store.name, key)),
    );
    store.rows.set(key, entry);
    return this.#keep(entry);
  }

  windowEntry(store: CachedStore, start: number, key: string): StateEntry {
    let rows = store.windows.get(start);
    if (rows === undefined) {
      // A new window is empty, so none of its keys need be looked up.
      rows = new WindowRows(!this.#guard(() => this.#store.hasWindow(store.name, start)));
      store.windows.set(start, rows);
    }
    const { complete } = rows;
    const known = rows.get(key);
    if (known !== undefined) {
      known.used = true;
      return known;
    }
    const entry = new StateEntry(
      { store, start, key },
      complete ? undefined : this.#guard(() => this.#store.getWindow(store.name, start, key)),
    );
    rows.set(key, entry);
    return this.#keep(entry);
  }

  /** `undefined` removes. Undone with the record. */
  write(entry: StateEntry, value: StoredValue | undefined): void {
    this.#undo.save(entry, entry.value);
    // A rollback does not give back the difference: the sum over entries stays right, and the next write corrects it.
    const bytes = ENTRY_BYTES + 2 * (entry.key.length + lengthOf(value));
    this.#memory.grow(bytes - entry.bytes);
    entry.bytes = bytes;
    entry.value = value;
    if (entry.dirty) return;
    entry.dirty = true;
    this.#dirty.push(entry);
  }

  /**
   * Between records: keeps memory in bounds. Changed entries count too; when they alone do not fit they are written
   * early, in the caller's transaction as everything else.
   */
  trim(): void {
    if (this.#ordered.some((store) => store.overgrown)) this.#writeDirty();
    if (!this.#memory.full) return;
    this.#memory.evict();
    if (!this.#memory.aboveKept) return;
    this.#writeDirty();
    this.#memory.evict();
  }

  /** Removes windows that start before `beforeMs`, those not yet written included. */
  expire(store: CachedStore, beforeMs: number): void {
    if (beforeMs <= store.expiredBeforeMs) return;
    for (const [start, rows] of store.windows) {
      if (start >= beforeMs) continue;
      store.windows.delete(start);
      for (const entry of rows.values()) {
        entry.expired = true;
        this.#memory.grow(-entry.bytes);
      }
    }
    this.#written += this.#guard(() => this.#store.expireWindows(store.name, beforeMs));
    store.expiredBeforeMs = beforeMs;
  }

  /** Writes what changed and answers how many rows were written or removed since the last flush. */
  flush(): number {
    this.#writeDirty();
    for (const store of this.#ordered) this.#written += store.letGo();
    if (this.#memory.full) this.#memory.evict();
    const written = this.#written;
    this.#written = 0;
    return written;
  }

  #writeDirty(): void {
    const changes = new Map<CachedStore, StateEntry[]>();
    for (const entry of this.#dirty) {
      entry.dirty = false;
      if (entry.expired || same(entry.value, entry.stored)) continue;
      const some = changes.get(entry.store);
      if (some === undefined) changes.set(entry.store, [entry]);
      else some.push(entry);
    }
    for (const [store, entries] of changes) {
      this.#guard(() => this.#store.putMany(store.name, entries));
      for (const entry of entries) entry.stored = entry.value;
      this.#written += entries.length;
    }
    this.#dirty.length = 0;
    for (const store of this.#ordered) this.#written += store.write();
  }

  #keep(entry: StateEntry): StateEntry {
    this.#memory.keep(entry);
    return entry;
  }

  #guard<T>(call: () => T): T {
    try {
      return call();
    } catch (error) {
      this.#failed = true;
      throw error;
    }
  }
}

function lengthOf(value: StoredValue | undefined): number {
  return value === undefined ? 0 : value.value.length;
}

function same(a: StoredValue | undefined, b: StoredValue | undefined): boolean {
  return a === b || (a !== undefined && b !== undefined && a.value === b.value && a.timestampMs === b.timestampMs);
}
