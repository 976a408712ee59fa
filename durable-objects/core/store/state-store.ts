import type { OrderedOptions, OrderedRows } from "./ordered-rows.ts";

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
  /** Rows with key > `after`, in key order. */
  scan(store: string, after: string | undefined, limit: number): readonly KeyRow[];

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
  /** Rows after (start, key), in (start, key) order. */
  scanWindows(store: string, after: { start: number; key: string } | undefined, limit: number): readonly WindowRow[];
  /** Removes windows with start < `beforeMs`; answers how many. */
  expireWindows(store: string, beforeMs: number): number;
}
