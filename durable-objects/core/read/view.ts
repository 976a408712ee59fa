import { compareKeys } from "../store/key-order.ts";
import type { OrderedPlace } from "../store/ordered-rows.ts";
import type { KeyRow } from "../store/state-store.ts";

/** Where a row lies in its store: `at` is a window's slot or a row's time, and like `seq` 0 where rows have a key alone. */
export type Place = OrderedPlace;

/** A row as it is kept. */
export interface StoredRow extends KeyRow, Place {}

/** Without a value: a row that has gone. */
export type GoneRow = Omit<StoredRow, "value">;

/** What tells rows of one key apart, as readers see it. */
export interface RowIdentity {
  readonly key: string;
  /** Of a window. */
  readonly start?: number | undefined;
  readonly end?: number | undefined;
  /** Of an entry of a map. */
  readonly name?: string | undefined;
  /** Of a row in a list or on a side of a join. */
  readonly at?: number | undefined;
  readonly seq?: number | undefined;
}

/** A row as readers see it. `value` is JSON text. */
export interface ShownRow extends RowIdentity {
  readonly value: string;
  readonly timestampMs: number;
  readonly place: Place;
}

/** Rows by key, then time; or by time, then key. */
export type RowOrder = "key" | "time";

export interface ViewQuery {
  readonly limit: number;
  /** Rows behind it; absent: from the beginning. */
  readonly after?: Place | undefined;
  /** `fromKey <= key < toKey`. */
  readonly fromKey?: string | undefined;
  readonly toKey?: string | undefined;
  /** Both ends included: starts of windows, times of rows. Absent where rows have neither. */
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
}

export interface ViewPage {
  readonly rows: readonly ShownRow[];
  /** Behind which the next page begins; absent at the end. Rows that were looked at and left out lie before it too. */
  readonly next: Place | undefined;
}

/** The rows of a store, as committed, as readers are to see them. */
export interface View {
  readonly order: RowOrder;
  /** A page of at most `limit` rows looked at, in the order of the store. */
  scan(query: ViewQuery): ViewPage;
  at(place: Place): ShownRow | undefined;
  /** Throws what user code throws that makes a result of a state. */
  show(row: StoredRow): ShownRow;
  identify(row: GoneRow): RowIdentity;
}

export function comparePlaces(order: RowOrder): (a: Place, b: Place) => number {
  if (order === "key") return (a, b) => compareKeys(a.key, b.key) || a.at - b.at || a.seq - b.seq;
  return (a, b) => a.at - b.at || compareKeys(a.key, b.key) || a.seq - b.seq;
}

/** The first key behind another. */
export function behindKey(key: string): string {
  return `${key}\0`;
}

export function holdsKey({ fromKey, toKey }: ViewQuery, key: string): boolean {
  return (
    (fromKey === undefined || compareKeys(key, fromKey) >= 0) && (toKey === undefined || compareKeys(key, toKey) < 0)
  );
}

/** The one key that a range holds. */
export function soleKey({ fromKey, toKey }: ViewQuery): string | undefined {
  return fromKey !== undefined && toKey === behindKey(fromKey) ? fromKey : undefined;
}
