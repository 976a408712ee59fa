import type { StoredValue } from "./state-store.ts";

/** Where a row of an ordered store lies: `at` a safe integer, often a time in ms; `seq` one from 0, to tell rows of one `at` apart. */
export interface OrderedPlace {
  readonly key: string;
  readonly at: number;
  readonly seq: number;
}

/** A row whose key the caller knows. */
export interface OrderedItem extends StoredValue {
  readonly at: number;
  readonly seq: number;
}

export interface OrderedRow extends OrderedItem {
  readonly key: string;
}

/** `undefined` removes. */
export interface OrderedChange extends OrderedPlace {
  readonly value: StoredValue | undefined;
}

export interface OrderedOptions {
  /**
   * Rows whose `at` lies in one `[n * bucketMs, (n + 1) * bucketMs)` lie together and leave together; 0 is one bucket for
   * ever, of a store that never expires. Aim at ten to a hundred buckets in a retention: a read looks into each bucket
   * that its range touches.
   */
  readonly bucketMs: number;
  /** What `expire` was last told, when the owner knows it from an earlier life; the store does not remember it. */
  readonly expiredBefore?: number | undefined;
}

/** Both ends included. */
export interface AtRange {
  readonly fromAt: number;
  readonly toAt: number;
  readonly limit?: number | undefined;
  /** From the end. */
  readonly descending?: boolean | undefined;
  /** Ends after the row with which the values are longer than this: the answer is then shorter than `limit`. */
  readonly maxCharacters?: number | undefined;
}

/**
 * The ordered stores of a StateStore, whose guarantees hold here too: rows of a key in (at, seq) order. How rows lie in
 * buckets shows in `buckets` and in what `expire` counts, and nowhere else.
 */
export interface OrderedRows {
  /** Width in force: that of the first `open`. */
  bucketMs(store: string): number;
  /** Buckets that have rows, ascending. */
  buckets(store: string): readonly number[];
  get(store: string, place: OrderedPlace): StoredValue | undefined;
  /** Rows of one key, in (at, seq) order. */
  range(store: string, key: string, range: AtRange): readonly OrderedItem[];
  /** Rows of all keys after a place, in (key, at, seq) order. */
  scan(store: string, after: OrderedPlace | undefined, limit: number): readonly OrderedRow[];
  /** Rows of all keys with `at < beforeAt`, in no order: what `expire` would let go. */
  rowsBefore(store: string, beforeAt: number): readonly OrderedRow[];
  /** Each place once. A row below the bound of `expire` is lost. */
  putMany(store: string, rows: readonly OrderedChange[]): void;
  /**
   * From now on there is no row with `at < beforeAt`; a lower bound than before changes nothing. Rows go when their whole
   * bucket is below the bound, and are hidden until then. Answers how many went. A store of one bucket does not expire.
   */
  expire(store: string, beforeAt: number): number;
}

export function bucketOf(at: number, bucketMs: number): number {
  return bucketMs === 0 ? 0 : Math.floor(at / bucketMs);
}

export function compareItems(a: { at: number; seq: number }, b: { at: number; seq: number }): number {
  return a.at - b.at || a.seq - b.seq;
}

/** Where (at, seq) stands, or would stand, in rows of its order. Looks at the end first: rows mostly arrive in order. */
export function indexOf(
  rows: readonly { readonly at: number; readonly seq: number }[],
  at: number,
  seq: number,
): number {
  const last = rows.at(-1);
  if (last === undefined || last.at < at || (last.at === at && last.seq < seq)) return rows.length;
  let low = 0;
  let high = rows.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const row = rows[middle];
    if (row !== undefined && (row.at < at || (row.at === at && row.seq < seq))) low = middle + 1;
    else high = middle;
  }
  return low;
}
