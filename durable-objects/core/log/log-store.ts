import type { Bytes } from "../../../schema/record.ts";

/** A stored batch without its body. Offsets inclusive; `maxTimestamp` and `endBytes` are running over the log. */
export interface BatchRow {
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly maxTimestamp: number;
  readonly size: number;
  readonly endBytes: number;
}

/**
 * The rows of one log, ordered by base offset. Synchronous. The caller keeps offsets dense and only ever appends at the
 * end and removes at the front; a store checks neither. Implemented in memory and on SQLite (`log-store-contract.ts`).
 */
export interface LogStore {
  first(): BatchRow | undefined;
  last(): BatchRow | undefined;
  /** The last batch with `baseOffset <= offset`. */
  atOrBefore(offset: number): BatchRow | undefined;
  /** Of the batches with `from <= baseOffset < to`, in order; all in memory at once, so the caller bounds them first. */
  bodies(from: number, to: number): readonly Bytes[];
  /** Keeps a copy of the body. */
  insert(row: BatchRow, body: Bytes): void;
  /** Removes the first batches with base offset below this, at most `limit`; answers how many. */
  removeBefore(baseOffset: number, limit: number): number;
}
