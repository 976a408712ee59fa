import type { OrderedOptions, OrderedRows } from "./ordered-rows.ts";
import type { WindowPlace } from "./window-place.ts";

/** JSON text and the largest record time folded into it (Kafka Streams' timestamped stores). */
export interface StoredValue {
  readonly value: string;
  readonly timestampMs: number;
}

export interface KeyRow extends StoredValue {
  readonly key: string;
}

export interface WindowRow extends KeyRow {
  readonly start: number;
}

/** A changed row: `start` counts in a windowed store only. `undefined` removes. */
export interface RowChange {
  readonly start: number;
  readonly key: string;
  readonly value: StoredValue | undefined;
}

/** All bounds given hold. */
export interface KeyRange {
  readonly from?: string | undefined;
  /** Excluded, as where a page ended. */
  readonly after?: string | undefined;
  /** Excluded. */
  readonly to?: string | undefined;
}

/** Both bounds hold when both are given. */
export interface WindowRange {
  readonly fromStart?: number | undefined;
  /** Excluded, as where a page ended. */
  readonly after?: WindowPlace | undefined;
  /** Ends after the row with which the values are longer than this: the answer is then shorter than `limit`. */
  readonly maxCharacters?: number | undefined;
}

export type StoreKind = "keyValue" | "window" | "ordered";

/**
 * The durable rows of one task's stores. Synchronous; the caller has opened a transaction around writes and throws the
 * whole transaction away on an error. Keys are well-formed text, ordered and compared as their UTF-8 bytes. Implemented in
 * memory and on SQLite; `state-store-contract.ts` runs on both.
 */
export interface StateStore {
  /**
   * Declares a store before its first use; idempotent. A store opened before under another kind is a bug. `ordered` counts
   * for that kind only: its `bucketMs` is that of the first time, 0 when it is not given.
   */
  open(store: string, kind: StoreKind, ordered?: OrderedOptions): void;

  /** Stores of the kind `ordered`. */
  readonly ordered: OrderedRows;

  get(store: string, key: string): StoredValue | undefined;
  /** `undefined` removes. */
  put(store: string, key: string, value: StoredValue | undefined): void;
  /** Rows of a range of keys, all of them when it is not given, in key order. */
  scan(store: string, range: KeyRange | undefined, limit: number): readonly KeyRow[];

  getWindow(store: string, start: number, key: string): StoredValue | undefined;
  putWindow(store: string, start: number, key: string, value: StoredValue | undefined): void;
  /** Whether the store has any row that starts at this time. */
  hasWindow(store: string, start: number): boolean;
  /** As `put` or `putWindow` for one row after another, each key once. */
  putMany(store: string, rows: readonly RowChange[]): void;
  /** Windows of one key with `fromMs <= start <= toMs`, by start. */
  windowsOfKey(
    store: string,
    key: string,
    range: { fromMs: number; toMs: number; limit: number },
  ): readonly WindowRow[];
  /** The largest start of the store's rows. */
  lastStart(store: string): number | undefined;
  /** Rows of a range of windows, all of them when it is not given, in (start, key) order. */
  scanWindows(store: string, range: WindowRange | undefined, limit: number): readonly WindowRow[];
  /** Removes windows with start < `beforeMs`; answers how many. */
  expireWindows(store: string, beforeMs: number): number;
}
