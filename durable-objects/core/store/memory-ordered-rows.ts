import { assert } from "../assert.ts";
import { compareKeys } from "./key-order.ts";
import {
  bucketOf,
  compareItems,
  indexOf,
  type AtRange,
  type OrderedChange,
  type OrderedItem,
  type OrderedOptions,
  type OrderedPlace,
  type OrderedRow,
  type OrderedRows,
} from "./ordered-rows.ts";
import type { StoredValue } from "./state-store.ts";

interface Table {
  readonly bucketMs: number;
  expiredBefore: number;
  /** By bucket and key, each in (at, seq) order. */
  readonly buckets: Map<number, Map<string, OrderedItem[]>>;
}

/** In buckets as on disk, so that what is hidden there is hidden here. */
export class MemoryOrderedRows implements OrderedRows {
  readonly #tables = new Map<string, Table>();
  readonly #undoable: (step: () => void) => void;

  /** `undoable` is given what takes back each write, in order. */
  constructor(undoable: (step: () => void) => void) {
    this.#undoable = undoable;
  }

  open(store: string, { bucketMs, expiredBefore = -Infinity }: OrderedOptions): void {
    const known = this.#tables.get(store);
    if (known === undefined) this.#tables.set(store, { bucketMs, expiredBefore, buckets: new Map() });
    else known.expiredBefore = Math.max(known.expiredBefore, expiredBefore);
  }

  bucketMs(store: string): number {
    return this.#table(store).bucketMs;
  }

  buckets(store: string): readonly number[] {
    return [...this.#table(store).buckets.keys()].toSorted((a, b) => a - b);
  }

  get(store: string, { key, at, seq }: OrderedPlace): StoredValue | undefined {
    const row = this.range(store, key, { fromAt: at, toAt: at }).find((each) => each.seq === seq);
    return row === undefined ? undefined : { value: row.value, timestampMs: row.timestampMs };
  }

  range(store: string, key: string, range: AtRange): readonly OrderedItem[] {
    const { buckets, expiredBefore, bucketMs } = this.#table(store);
    const fromAt = Math.max(range.fromAt, expiredBefore);
    const first = bucketOf(fromAt, bucketMs);
    const last = bucketOf(range.toAt, bucketMs);
    const rows = [...buckets]
      .filter(([bucket]) => first <= bucket && bucket <= last)
      .flatMap(([, keys]) => keys.get(key) ?? [])
      .filter(({ at }) => fromAt <= at && at <= range.toAt)
      .toSorted(compareItems);
    if (range.descending === true) rows.reverse();
    return upTo(rows, range);
  }

  scan(store: string, after: OrderedPlace | undefined, limit: number): readonly OrderedRow[] {
    const { buckets, expiredBefore } = this.#table(store);
    const compare = (a: OrderedPlace, b: OrderedPlace): number => compareKeys(a.key, b.key) || compareItems(a, b);
    return [...buckets.values()]
      .flatMap((keys) => [...keys].flatMap(([key, rows]) => rows.map((row) => ({ key, ...row }))))
      .filter((row) => row.at >= expiredBefore && (after === undefined || compare(row, after) > 0))
      .toSorted(compare)
      .slice(0, limit);
  }

  rowsBefore(store: string, beforeAt: number): readonly OrderedRow[] {
    return this.scan(store, undefined, Infinity).filter(({ at }) => at < beforeAt);
  }

  putMany(store: string, rows: readonly OrderedChange[]): void {
    const table = this.#table(store);
    for (const row of rows) if (row.at >= table.expiredBefore) this.#set(table, row);
  }

  expire(store: string, beforeAt: number): number {
    const table = this.#table(store);
    const { expiredBefore, bucketMs, buckets } = table;
    assert(bucketMs > 0, `store ${store} has one bucket for ever and cannot expire`);
    if (beforeAt <= expiredBefore) return 0;
    table.expiredBefore = beforeAt;
    this.#undoable(() => (table.expiredBefore = expiredBefore));
    let removed = 0;
    for (const [bucket, keys] of buckets) {
      if (bucket >= bucketOf(beforeAt, bucketMs)) continue;
      for (const items of keys.values()) removed += items.length;
      buckets.delete(bucket);
      this.#undoable(() => buckets.set(bucket, keys));
    }
    return removed;
  }

  #set(table: Table, { key, at, seq, value }: OrderedChange): void {
    const bucket = bucketOf(at, table.bucketMs);
    let keys = table.buckets.get(bucket);
    if (keys === undefined) table.buckets.set(bucket, (keys = new Map()));
    let rows = keys.get(key);
    if (rows === undefined) keys.set(key, (rows = []));
    const index = indexOf(rows, at, seq);
    const found = rows[index];
    const before = found?.at === at && found.seq === seq ? found : undefined;
    const after = value === undefined ? [] : [{ at, seq, value: value.value, timestampMs: value.timestampMs }];
    rows.splice(index, before === undefined ? 0 : 1, ...after);
    this.#undoable(() => this.#set(table, { key, at, seq, value: before }));
    if (rows.length === 0) keys.delete(key);
    if (keys.size === 0) table.buckets.delete(bucket);
  }

  #table(store: string): Table {
    const table = this.#tables.get(store);
    assert(table !== undefined, `ordered store ${store} is not open`);
    return table;
  }
}

function upTo(
  rows: readonly OrderedItem[],
  { limit = Infinity, maxCharacters = Infinity }: AtRange,
): readonly OrderedItem[] {
  let characters = 0;
  const end = rows.findIndex((row, index) => index >= limit || (characters += row.value.length) > maxCharacters);
  if (end < 0) return rows;
  return rows.slice(0, Math.min(limit, end + 1));
}
