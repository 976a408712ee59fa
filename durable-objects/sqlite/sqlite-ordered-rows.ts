import { assert } from "../core/assert.ts";
import { compareKeys } from "../core/store/key-order.ts";
import {
  bucketOf,
  compareItems,
  type AtRange,
  type OrderedChange,
  type OrderedItem,
  type OrderedPlace,
  type OrderedRow,
  type OrderedRows,
} from "../core/store/ordered-rows.ts";
import type { StoredValue } from "../core/store/state-store.ts";
import { fitsSlice, jsonSlices } from "./json-slices.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A range over so few buckets looks into each; a longer one asks which of them there are. */
const FEW_BUCKETS = 4;

const ITEMS =
  "SELECT at, seq, timestamp, value FROM ordered_state WHERE store = ? AND bucket = ? AND key = ? AND at >= ? AND at <= ?";
const ASCENDING = `${ITEMS} ORDER BY at, seq LIMIT ?`;
const DESCENDING = `${ITEMS} ORDER BY at DESC, seq DESC LIMIT ?`;
const NEXT_BUCKET =
  "SELECT bucket FROM ordered_state WHERE store = ? AND bucket >= ? AND bucket <= ? ORDER BY bucket LIMIT 1";
const PUT = `INSERT OR REPLACE INTO ordered_state (store, bucket, key, at, seq, timestamp, value)
  SELECT ?, value ->> 0, CAST(value ->> 1 AS BLOB), value ->> 2, value ->> 3, value ->> 4, value ->> 5 FROM json_each(?)`;
const PUT_ONE = `INSERT OR REPLACE INTO ordered_state (store, bucket, key, at, seq, timestamp, value)
  VALUES (?, ?, ?, ?, ?, ?, ?)`;
const REMOVE = `DELETE FROM ordered_state WHERE (store, bucket, key, at, seq) IN
  (SELECT ?, value ->> 0, CAST(value ->> 1 AS BLOB), value ->> 2, value ->> 3 FROM json_each(?))`;

type Item = [at: number, seq: number, timestampMs: number, value: string];
type Row = [key: ArrayBuffer, ...Item];

interface Known {
  readonly id: number;
  readonly bucketMs: number;
  expiredBefore: number;
}

/** The ordered stores of one task, in the table `ordered_state`, by (bucket, key, at, seq). */
export class SqliteOrderedRows implements OrderedRows {
  readonly #sql: SqlStorage;
  readonly #known = new Map<string, Known>();

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** `id` and width are those of its row in `store`. */
  open(store: string, id: number, bucketMs: number): void {
    this.#known.set(store, { id, bucketMs, expiredBefore: -Infinity });
  }

  /** Without a look at the rows: they went when it was first said. */
  expireTo(store: string, beforeAt: number): void {
    const known = this.#store(store);
    known.expiredBefore = Math.max(known.expiredBefore, beforeAt);
  }

  bucketMs(store: string): number {
    return this.#store(store).bucketMs;
  }

  buckets(store: string): readonly number[] {
    return this.#buckets(this.#store(store).id, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
  }

  get(store: string, { key, at, seq }: OrderedPlace): StoredValue | undefined {
    const { id, bucketMs, expiredBefore } = this.#store(store);
    if (at < expiredBefore) return undefined;
    const query =
      "SELECT timestamp, value FROM ordered_state WHERE store = ? AND bucket = ? AND key = ? AND at = ? AND seq = ?";
    const rows = this.#sql.exec(query, id, bucketOf(at, bucketMs), encoder.encode(key), at, seq);
    const row = rows.raw<[number, string]>().next().value;
    return row === undefined ? undefined : { timestampMs: row[0], value: row[1] };
  }

  range(store: string, key: string, range: AtRange): readonly OrderedItem[] {
    const { id, bucketMs, expiredBefore } = this.#store(store);
    const { limit = Infinity, maxCharacters = Infinity, descending = false } = range;
    const fromAt = Math.max(range.fromAt, expiredBefore, Number.MIN_SAFE_INTEGER);
    const toAt = Math.min(range.toAt, Number.MAX_SAFE_INTEGER);
    const blob = encoder.encode(key);
    const buckets = this.#touched(id, bucketOf(fromAt, bucketMs), bucketOf(toAt, bucketMs));
    const items: OrderedItem[] = [];
    let characters = 0;
    for (const bucket of descending ? buckets.toReversed() : buckets) {
      const most = Math.min(limit - items.length, Number.MAX_SAFE_INTEGER);
      const query = descending ? DESCENDING : ASCENDING;
      for (const row of this.#sql.exec(query, id, bucket, blob, fromAt, toAt, most).raw<Item>()) {
        items.push(itemOf(row));
        characters += row[3].length;
        if (characters > maxCharacters) return items;
      }
      if (items.length >= limit) break;
    }
    return items;
  }

  /** Each bucket gives its first rows, and the first of those are the page. */
  scan(store: string, after: OrderedPlace | undefined, limit: number): readonly OrderedRow[] {
    const { id, expiredBefore } = this.#store(store);
    const [key, at, seq] = after === undefined ? ["", Number.MIN_SAFE_INTEGER, -1] : [after.key, after.at, after.seq];
    const query = `SELECT key, at, seq, timestamp, value FROM ordered_state
      WHERE store = ? AND bucket = ? AND (key, at, seq) > (?, ?, ?) AND at >= ? ORDER BY key, at, seq LIMIT ?`;
    const from = Math.max(expiredBefore, Number.MIN_SAFE_INTEGER);
    const most = Math.min(limit, Number.MAX_SAFE_INTEGER);
    let page: OrderedRow[] = [];
    for (const bucket of this.buckets(store)) {
      const rows = this.#sql.exec(query, id, bucket, encoder.encode(key), at, seq, from, most).raw<Row>();
      for (const [blob, ...item] of rows) page.push({ key: decoder.decode(blob), ...itemOf(item) });
      page = page.toSorted((a, b) => compareKeys(a.key, b.key) || compareItems(a, b)).slice(0, limit);
    }
    return page;
  }

  /** A SELECT of all rows, with the columns of the table. */
  relation(store: string): string {
    const { id, expiredBefore } = this.#store(store);
    const from = Math.max(expiredBefore, Number.MIN_SAFE_INTEGER);
    return `SELECT key, at, seq, timestamp, value FROM ordered_state WHERE store = ${id} AND at >= ${from}`;
  }

  rowsBefore(store: string, beforeAt: number): readonly OrderedRow[] {
    const { id, bucketMs, expiredBefore } = this.#store(store);
    const query = `SELECT key, at, seq, timestamp, value FROM ordered_state
      WHERE store = ? AND bucket <= ? AND at >= ? AND at < ?`;
    const from = Math.max(expiredBefore, Number.MIN_SAFE_INTEGER);
    const rows = this.#sql.exec(query, id, bucketOf(beforeAt, bucketMs), from, beforeAt).raw<Row>();
    return [...rows].map(([blob, ...item]) => ({ key: decoder.decode(blob), ...itemOf(item) }));
  }

  putMany(store: string, rows: readonly OrderedChange[]): void {
    const { id, bucketMs, expiredBefore } = this.#store(store);
    const removed: (string | number)[][] = [];
    const put: (string | number)[][] = [];
    for (const { key, at, seq, value } of rows) {
      if (at < expiredBefore) continue;
      const bucket = bucketOf(at, bucketMs);
      if (value === undefined) removed.push([bucket, key, at, seq]);
      else if (fitsSlice(key, value.value)) put.push([bucket, key, at, seq, value.timestampMs, value.value]);
      else this.#sql.exec(PUT_ONE, id, bucket, encoder.encode(key), at, seq, value.timestampMs, value.value);
    }
    for (const slice of jsonSlices(removed)) this.#sql.exec(REMOVE, id, slice);
    for (const slice of jsonSlices(put)) this.#sql.exec(PUT, id, slice);
  }

  expire(store: string, beforeAt: number): number {
    const known = this.#store(store);
    const { id, bucketMs, expiredBefore } = known;
    assert(bucketMs > 0, `store ${store} has one bucket for ever and cannot expire`);
    if (beforeAt <= expiredBefore) return 0;
    known.expiredBefore = beforeAt;
    const before = bucketOf(beforeAt, bucketMs);
    if (before === bucketOf(expiredBefore, bucketMs)) return 0;
    const query = "DELETE FROM ordered_state WHERE store = ? AND bucket < ?";
    return this.#sql.exec(query, id, before).rowsWritten;
  }

  #touched(id: number, first: number, last: number): readonly number[] {
    if (last - first >= FEW_BUCKETS) return this.#buckets(id, first, last);
    return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index);
  }

  #buckets(id: number, first: number, last: number): readonly number[] {
    const found: number[] = [];
    for (let from = first; from <= last;) {
      const bucket = this.#sql.exec(NEXT_BUCKET, id, from, last).raw<[number]>().next().value?.[0];
      if (bucket === undefined) break;
      found.push(bucket);
      from = bucket + 1;
    }
    return found;
  }

  #store(store: string): Known {
    const known = this.#known.get(store);
    assert(known !== undefined, `ordered store ${store} was not opened`);
    return known;
  }
}

function itemOf([at, seq, timestampMs, value]: Item): OrderedItem {
  return { at, seq, timestampMs, value };
}
