import { assert } from "../assert.ts";
import { compareKeys } from "./key-order.ts";
import { MemoryOrderedRows } from "./memory-ordered-rows.ts";
import type { OrderedOptions } from "./ordered-rows.ts";
import type {
  KeyRange,
  KeyRow,
  RowChange,
  StateStore,
  StoredValue,
  StoreKind,
  WindowRange,
  WindowRow,
} from "./state-store.ts";

interface KeyValueTable {
  readonly kind: "keyValue";
  readonly rows: Map<string, StoredValue>;
}

interface WindowTable {
  readonly kind: "window";
  readonly windows: Map<number, Map<string, StoredValue>>;
}

interface OrderedTable {
  readonly kind: "ordered";
}

/** A StateStore in memory: for tests, the TopologyTestDriver and the simulation. Scans sort when asked. */
export class MemoryStateStore implements StateStore {
  readonly #tables = new Map<string, KeyValueTable | WindowTable | OrderedTable>();
  /** Present in a transaction: what takes back its writes, in order. */
  #undo: (() => void)[] | undefined;
  readonly #ordered = new MemoryOrderedRows((step) => void this.#undo?.push(step));

  /** Runs `body`; when it throws every write it made is taken back. Not nested. */
  transaction<T>(body: () => T): T {
    assert(this.#undo === undefined, "transactions do not nest");
    const undo: (() => void)[] = [];
    this.#undo = undo;
    try {
      return body();
    } catch (error) {
      this.#undo = undefined;
      for (const step of undo.toReversed()) step();
      throw error;
    } finally {
      this.#undo = undefined;
    }
  }

  get ordered(): MemoryOrderedRows {
    return this.#ordered;
  }

  open(store: string, kind: StoreKind, ordered: OrderedOptions = { bucketMs: 0 }): void {
    const table = this.#tables.get(store);
    assert(table === undefined || table.kind === kind, `store ${store} is open as another kind`);
    if (kind === "ordered") this.#ordered.open(store, ordered);
    if (table === undefined) this.#tables.set(store, newTable(kind));
  }

  get(store: string, key: string): StoredValue | undefined {
    return this.#rows(store).get(key);
  }

  put(store: string, key: string, value: StoredValue | undefined): void {
    this.#set(this.#rows(store), key, value);
  }

  scan(store: string, { from, after, to }: KeyRange = {}, limit: number): readonly KeyRow[] {
    return [...this.#rows(store)]
      .filter(
        ([key]) =>
          (from === undefined || compareKeys(key, from) >= 0) &&
          (after === undefined || compareKeys(key, after) > 0) &&
          (to === undefined || compareKeys(key, to) < 0),
      )
      .toSorted(([a], [b]) => compareKeys(a, b))
      .slice(0, limit)
      .map(([key, value]) => ({ key, ...value }));
  }

  getWindow(store: string, start: number, key: string): StoredValue | undefined {
    return this.#windows(store).get(start)?.get(key);
  }

  // oxlint-disable-next-line max-params -- the port's
  putWindow(store: string, start: number, key: string, value: StoredValue | undefined): void {
    const windows = this.#windows(store);
    let rows = windows.get(start);
    if (rows === undefined) windows.set(start, (rows = new Map()));
    this.#set(rows, key, value);
  }

  hasWindow(store: string, start: number): boolean {
    return (this.#windows(store).get(start)?.size ?? 0) > 0;
  }

  putMany(store: string, rows: readonly RowChange[]): void {
    const windowed = this.#tables.get(store)?.kind === "window";
    for (const { start, key, value } of rows) {
      if (windowed) this.putWindow(store, start, key, value);
      else this.put(store, key, value);
    }
  }

  windowsOfKey(
    store: string,
    key: string,
    { fromMs, toMs, limit }: { fromMs: number; toMs: number; limit: number },
  ): readonly WindowRow[] {
    return [...this.#windows(store)]
      .filter(([start]) => fromMs <= start && start <= toMs)
      .toSorted(([a], [b]) => a - b)
      .flatMap(([start, rows]) => {
        const value = rows.get(key);
        return value === undefined ? [] : [{ start, key, ...value }];
      })
      .slice(0, limit);
  }

  lastStart(store: string): number | undefined {
    const starts = [...this.#windows(store)].filter(([, rows]) => rows.size > 0).map(([start]) => start);
    return starts.length === 0 ? undefined : starts.reduce((a, b) => Math.max(a, b));
  }

  scanWindows(
    store: string,
    { fromStart = -Infinity, after, maxCharacters = Infinity }: WindowRange = {},
    limit: number,
  ): readonly WindowRow[] {
    const rows: WindowRow[] = [];
    for (const [start, keys] of [...this.#windows(store)].toSorted(([a], [b]) => a - b)) {
      if (rows.length >= limit) break;
      if (start < fromStart || (after !== undefined && start < after.start)) continue;
      const afterKey = after !== undefined && start === after.start ? after.key : undefined;
      for (const [key, value] of [...keys].toSorted(([a], [b]) => compareKeys(a, b))) {
        if (afterKey === undefined || compareKeys(key, afterKey) > 0) rows.push({ start, key, ...value });
      }
    }
    let characters = 0;
    const end = rows.findIndex((row) => (characters += row.value.length) > maxCharacters);
    return rows.slice(0, Math.min(limit, end < 0 ? rows.length : end + 1));
  }

  expireWindows(store: string, beforeMs: number): number {
    const windows = this.#windows(store);
    let removed = 0;
    for (const [start, rows] of windows) {
      if (start >= beforeMs) continue;
      removed += rows.size;
      windows.delete(start);
      this.#undo?.push(() => windows.set(start, rows));
    }
    return removed;
  }

  #set(rows: Map<string, StoredValue>, key: string, value: StoredValue | undefined): void {
    if (this.#undo !== undefined) {
      const before = rows.get(key);
      this.#undo.push(() => void (before === undefined ? rows.delete(key) : rows.set(key, before)));
    }
    if (value === undefined) rows.delete(key);
    else rows.set(key, value);
  }

  #rows(store: string): Map<string, StoredValue> {
    const table = this.#tables.get(store);
    assert(table?.kind === "keyValue", `key-value store ${store} is not open`);
    return table.rows;
  }

  #windows(store: string): Map<number, Map<string, StoredValue>> {
    const table = this.#tables.get(store);
    assert(table?.kind === "window", `window store ${store} is not open`);
    return table.windows;
  }
}

function newTable(kind: StoreKind): KeyValueTable | WindowTable | OrderedTable {
  switch (kind) {
    case "keyValue":
      return { kind, rows: new Map() };
    case "window":
      return { kind, windows: new Map() };
    case "ordered":
      return { kind };
  }
}
