import type { CacheMemory, Resident } from "./cache-memory.ts";
import type { DueWindows } from "./due-windows.ts";
import { KeyFilter } from "./key-filter.ts";
import type { SortedList } from "./sorted-list.ts";
import type { StoredValue, StoreKind } from "./state-store.ts";
import type { Undoable } from "./undo-log.ts";

/** Bytes of one entry besides its texts, roughly: the object, its maps' slots and its StoredValue. */
const ENTRY_BYTES = 200;

/** And of the map of one window. */
const WINDOW_BYTES = 200;

/** Entries of one window. While `complete`, every row of it is here: a key that is not has no row anywhere. */
class WindowRows extends Map<string, StateEntry> {
  complete: boolean;

  constructor(complete: boolean) {
    super();
    this.complete = complete;
  }
}

export type EntryKind = Exclude<StoreKind, "ordered">;

/** A store as the cache knows it. Windowed entries lie by start, so that a window leaves in one step. */
export class CachedStore {
  readonly name: string;
  readonly kind: EntryKind;
  readonly rows = new Map<string, StateEntry>();
  readonly windows = new Map<number, WindowRows>();
  /** Windows that start before this have been removed from the StateStore. */
  expiredBeforeMs = -Infinity;
  /** The StateStore has no window that starts after this; `undefined`: not asked. */
  lastStart: number | undefined;
  /** From when windows are first asked for by their time. */
  due: DueWindows | undefined;
  /** Of a key-value store that was empty when it was first looked into; `undefined`: it was not yet. */
  keys: KeyFilter | "unknown" | undefined;
  /** Entries not yet written, by key, from when keys are first scanned. */
  changed: SortedList<{ readonly key: string }, StateEntry> | undefined;
  readonly #memory: CacheMemory;

  constructor(name: string, kind: EntryKind, memory: CacheMemory) {
    this.name = name;
    this.kind = kind;
    this.#memory = memory;
  }

  /** The StateStore has got a row with this key. */
  put(key: string): void {
    if (this.keys instanceof KeyFilter) this.keys.add(key);
  }

  addWindow(start: number, complete: boolean): WindowRows {
    const rows = new WindowRows(complete);
    this.windows.set(start, rows);
    this.#memory.grow(WINDOW_BYTES);
    return rows;
  }

  removeWindow(start: number): void {
    if (this.windows.delete(start)) this.#memory.grow(-WINDOW_BYTES);
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
    this.bytes = entryBytes(at.key, stored);
  }

  undo(saved: unknown): void {
    const before = this.value;
    this.value = saved as StoredValue | undefined;
    this.noteDue(before);
  }

  /** After a change of `value`. */
  noteDue(before: StoredValue | undefined): void {
    const { store, value } = this;
    if (store.due !== undefined && (before === undefined) !== (value === undefined))
      store.due.changed(this, value !== undefined);
  }

  leave(): void {
    const { store, start, key } = this;
    if (store.kind === "keyValue") store.rows.delete(key);
    else {
      const rows = store.windows.get(start);
      if (rows?.delete(key) === true) rows.complete = false;
      if (rows?.size === 0) store.removeWindow(start);
    }
  }
}

export function entryBytes(key: string, value: StoredValue | undefined): number {
  return ENTRY_BYTES + 2 * (key.length + (value === undefined ? 0 : value.value.length));
}
