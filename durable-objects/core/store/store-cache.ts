import { assert } from "../assert.ts";
import { CacheMemory } from "./cache-memory.ts";
import { CachedStore, entryBytes, StateEntry, type EntryKind } from "./cached-store.ts";
import { DueWindows, type WindowSource } from "./due-windows.ts";
import { KeyFilter } from "./key-filter.ts";
import { compareKeys } from "./key-order.ts";
import { mergedScan, mergedWindows, type WindowsOfKey } from "./merged-read.ts";
import type { OrderedOptions } from "./ordered-rows.ts";
import { OrderedStore } from "./ordered-store.ts";
import { SortedList } from "./sorted-list.ts";
import type { KeyRange, KeyRow, StateStore, StoredValue, WindowRow } from "./state-store.ts";
import type { UndoLog } from "./undo-log.ts";
import type { WindowPlace } from "./window-place.ts";

export type { CachedStore, StateEntry } from "./cached-store.ts";

/** Rows of one read of what comes due. */
const DUE_ROWS = 256;
const DUE_CHARACTERS = 250_000;

/**
 * Write-back cache over the StateStore. `write` changes memory only; `flush` writes each changed key once. What stays in
 * memory is a matter of speed: the same calls give the same state whatever `cacheBytes` is (STO-6).
 */
export class StoreCache {
  readonly #store: StateStore;
  readonly #undo: UndoLog;
  readonly #memory: CacheMemory;
  readonly #dirty: StateEntry[] = [];
  readonly #stores = new Map<string, CachedStore>();
  readonly #ordered: OrderedStore[] = [];
  /** Stores that keep an order of what is not yet written. */
  readonly #asked = new Set<CachedStore>();
  #written = 0;
  #failed = false;

  /** `memory` in bytes, if it is shared with nobody. */
  constructor(store: StateStore, undo: UndoLog, memory: number | CacheMemory) {
    this.#store = store;
    this.#undo = undo;
    this.#memory = typeof memory === "number" ? new CacheMemory(memory) : memory;
  }

  /** The StateStore threw: what is in memory must be forgotten and its transaction rolled back. */
  get failed(): boolean {
    return this.#failed;
  }

  /** One for a store, whoever opens it. */
  open(name: string, kind: EntryKind): CachedStore {
    const known = this.#stores.get(name);
    if (known?.kind === kind) return known;
    this.#guard(() => this.#store.open(name, kind));
    const opened = new CachedStore(name, kind, this.#memory);
    this.#stores.set(name, opened);
    return opened;
  }

  /** `options` as for the StateStore: the owner gives the bound again that it knows from an earlier life. */
  openOrdered(name: string, options: OrderedOptions): OrderedStore {
    const { bucketMs } = options;
    assert(Number.isSafeInteger(bucketMs) && bucketMs >= 0, `store ${name} has buckets of ${bucketMs} ms`);
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
    const absent = !this.#mayHaveKey(store, key);
    const entry = new StateEntry(
      { store, start: 0, key },
      absent ? undefined : this.#guard(() => this.#store.get(store.name, key)),
    );
    store.rows.set(key, entry);
    return this.#keep(entry);
  }

  windowEntry(store: CachedStore, start: number, key: string): StateEntry {
    // A new window is empty, so none of its keys need be looked up.
    const rows = store.windows.get(start) ?? store.addWindow(start, !this.#mayHaveWindow(store, start));
    const { complete } = rows;
    const known = rows.get(key);
    if (known !== undefined) {
      known.used = true;
      return known;
    }
    const entry = new StateEntry(
      { store, start, key },
      complete || store.due?.mayHave({ start, key }) === false
        ? undefined
        : this.#guard(() => this.#store.getWindow(store.name, start, key)),
    );
    rows.set(key, entry);
    return this.#keep(entry);
  }

  /**
   * Entries that have a row, by start, then the UTF-8 bytes of the key: `fromStart <= start <= upToStart`. Each is found
   * when it is come to, so changes made meanwhile are seen, if they are not behind it. Cheap when there is none.
   */
  dueWindows(store: CachedStore, range: { fromStart?: number; upToStart: number }): Iterable<StateEntry> {
    const bounds = { fromStart: range.fromStart ?? -Infinity, upToStart: range.upToStart };
    const due = this.#dueOf(store);
    const first = due.next(undefined, bounds);
    return first === undefined ? [] : this.#entriesFrom(first, (after) => due.next(after, bounds), store);
  }

  /** Windows of one key with `fromMs <= start <= toMs`, by start. */
  windowsOfKey(store: CachedStore, key: string, range: WindowsOfKey): readonly WindowRow[] {
    return mergedWindows(store, key, {
      ...range,
      read: (asked) => this.#guard(() => this.#store.windowsOfKey(store.name, key, asked)),
    });
  }

  /** Rows of a range of keys, by the UTF-8 bytes of the key. */
  scan(store: CachedStore, range: KeyRange, limit = Infinity): readonly KeyRow[] {
    if (store.changed === undefined) {
      store.changed = new SortedList((a, b) => compareKeys(a.key, b.key));
      this.#asked.add(store);
      for (const entry of this.#dirty) if (entry.store === store) store.changed.add(entry);
    }
    return mergedScan(store.changed, range, {
      limit,
      read: (asked, most) => this.#guard(() => this.#store.scan(store.name, asked, most)),
    });
  }

  /** `undefined` removes. Undone with the record. */
  write(entry: StateEntry, value: StoredValue | undefined): void {
    this.#undo.save(entry, entry.value);
    // A rollback does not give back the difference: the sum over entries stays right, and the next write corrects it.
    const bytes = entryBytes(entry.key, value);
    this.#memory.grow(bytes - entry.bytes);
    entry.bytes = bytes;
    const before = entry.value;
    entry.value = value;
    entry.noteDue(before);
    if (entry.dirty) return;
    entry.dirty = true;
    this.#dirty.push(entry);
    entry.store.changed?.add(entry);
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
      store.removeWindow(start);
      for (const entry of rows.values()) {
        entry.expired = true;
        this.#memory.grow(-entry.bytes);
      }
    }
    this.#written += this.#guard(() => this.#store.expireWindows(store.name, beforeMs));
    store.expiredBeforeMs = beforeMs;
    store.due?.expired(beforeMs);
  }

  /** Writes what changed before the flush, for those that read the StateStore itself: in the caller's transaction. */
  writeEarly(): void {
    this.#writeDirty();
  }

  /**
   * Between records: writes what changed and answers how many rows were written or removed since the last flush. What
   * was saved for an undo is final.
   */
  flush(): number {
    this.#undo.clear();
    this.#writeDirty();
    for (const store of this.#ordered) this.#written += store.letGo();
    this.#memory.use();
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
      entries.sort(byPlace);
      this.#guard(() => this.#store.putMany(store.name, entries));
      for (const entry of entries) {
        if (entry.stored === undefined && entry.value !== undefined) store.put(entry.key);
        entry.stored = entry.value;
      }
      this.#written += entries.length;
      if (store.lastStart !== undefined)
        store.lastStart = entries.reduce((last, { start }) => Math.max(last, start), store.lastStart);
    }
    this.#dirty.length = 0;
    for (const store of this.#asked) {
      store.due?.written();
      store.changed?.clear();
    }
    for (const store of this.#ordered) this.#written += store.write();
  }

  #keep(entry: StateEntry): StateEntry {
    this.#memory.keep(entry);
    return entry;
  }

  #mayHaveKey(store: CachedStore, key: string): boolean {
    if (store.keys === undefined) {
      const empty = this.#guard(() => this.#store.scan(store.name, undefined, 1)).length === 0;
      store.keys = empty ? new KeyFilter(this.#memory) : "unknown";
    }
    return store.keys === "unknown" || store.keys.mayHave(key);
  }

  #mayHaveWindow(store: CachedStore, start: number): boolean {
    store.lastStart ??= this.#guard(() => this.#store.lastStart(store.name)) ?? -Infinity;
    if (start > store.lastStart || store.due?.mayHaveStart(start) === false) return false;
    return this.#guard(() => this.#store.hasWindow(store.name, start));
  }

  #dueOf(store: CachedStore): DueWindows {
    this.#asked.add(store);
    return (store.due ??= new DueWindows(this.#sourceOf(store)));
  }

  *#entriesFrom(
    first: WindowPlace,
    next: (after: WindowPlace) => WindowPlace | undefined,
    store: CachedStore,
  ): Iterable<StateEntry> {
    for (let place: WindowPlace | undefined = first; place !== undefined; place = next(place))
      yield this.windowEntry(store, place.start, place.key);
  }

  #sourceOf(store: CachedStore): WindowSource {
    return {
      page: (from) => {
        const asked = { ...from, maxCharacters: DUE_CHARACTERS };
        const rows = this.#guard(() => this.#store.scanWindows(store.name, asked, DUE_ROWS));
        const characters = rows.reduce((sum, { value }) => sum + value.length, 0);
        const more = rows.length === DUE_ROWS || characters > DUE_CHARACTERS;
        const live = rows.filter((row) => this.#knownRow(store, row).value !== undefined);
        return { live, end: more ? rows.at(-1) : undefined };
      },
      unwritten: () =>
        this.#dirty.filter((entry) => entry.store === store && !entry.expired && entry.value !== undefined),
    };
  }

  /** The entry of a row just read. */
  #knownRow(store: CachedStore, { start, key, value, timestampMs }: WindowRow): StateEntry {
    const rows = store.windows.get(start) ?? store.addWindow(start, false);
    const known = rows.get(key);
    if (known !== undefined) return known;
    const entry = new StateEntry({ store, start, key }, { value, timestampMs });
    rows.set(key, entry);
    return this.#keep(entry);
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

/** Near enough to the order in which rows lie: neighbours share a page, which is then read and written once. */
function byPlace(a: StateEntry, b: StateEntry): number {
  return a.start - b.start || (a.key < b.key ? -1 : 1);
}

function same(a: StoredValue | undefined, b: StoredValue | undefined): boolean {
  return a === b || (a !== undefined && b !== undefined && a.value === b.value && a.timestampMs === b.timestampMs);
}
