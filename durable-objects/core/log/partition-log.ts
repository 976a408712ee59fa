import { MAX_PARTITION_BYTES } from "../../../schema/limits.ts";
import { type Answer, refuse } from "../../../schema/error.ts";
import type { Bytes, ConsumerRecord } from "../../../schema/record.ts";
import { decodeRecords, readHeader, RecordReader, type Decompress } from "../../../schema/record-batch/decode.ts";
import { stampBaseOffset } from "../../../schema/record-batch/stamp.ts";
import { assert } from "../assert.ts";
import type { InputRecord } from "../task/task-port.ts";
import { withBatchEnd } from "./batch-end.ts";
import type { BatchRow, LogStore } from "./log-store.ts";

export interface ReadLimits {
  readonly maxBytes: number;
  readonly maxRecords: number;
}

export interface LogSlice {
  /** Whole stored batches that cover the wanted offsets, in order; the first may begin before `from`. */
  readonly bodies: readonly Bytes[];
  readonly bytes: number;
  /** First offset not covered. */
  readonly end: number;
}

/**
 * One ordered log over a store. Offsets are dense as written and only grow (LOG-1). Holds a copy of where the log ends;
 * after a transaction that was rolled back the owner makes a new PartitionLog over the same store.
 */
export class PartitionLog {
  readonly #store: LogStore;
  #logStartOffset: number;
  #last: BatchRow | undefined;
  #removedBytes: number;

  /**
   * `logStartOffset` is the committed one: batches before it may be there still, the one that holds it too, and it is the end
   * of a log that is empty.
   */
  constructor(store: LogStore, logStartOffset: number) {
    this.#store = store;
    this.#logStartOffset = logStartOffset;
    this.#last = store.last();
    const first = store.first();
    this.#removedBytes = first === undefined ? 0 : startBytesOf(first);
    assert(
      first === undefined || first.baseOffset <= logStartOffset,
      "the log begins inside its first batch, or later",
    );
    assert(logStartOffset <= this.logEndOffset, "the log begins before it ends");
  }

  get logStartOffset(): number {
    return this.#logStartOffset;
  }

  /** Offset the next record gets. */
  get logEndOffset(): number {
    return this.#last === undefined ? this.#logStartOffset : this.#last.lastOffset + 1;
  }

  /** Of what is stored, what is to be swept included. */
  get bytes(): number {
    return this.#last === undefined ? 0 : this.#last.endBytes - this.#removedBytes;
  }

  /** Largest record time ever stored, -1 when the log is empty. */
  get lastTimestamp(): number {
    return this.#last === undefined ? -1 : this.#last.maxTimestamp;
  }

  /** Appends a valid batch, stamping its base offset in place. Refused whole when the log is full. */
  append(batch: Bytes): Answer<{ readonly baseOffset: number; readonly lastOffset: number }> {
    if (this.bytes + batch.byteLength > MAX_PARTITION_BYTES) {
      return refuse("partition_full", `partition holds ${this.bytes} bytes, its limit is ${MAX_PARTITION_BYTES}`, {
        hint: "Shorten retention, let slow pipelines catch up, or use more partitions",
      });
    }
    const header = readHeader(batch);
    assert(header.sizeBytes === batch.byteLength, "one whole batch");
    assert(
      header.recordCount >= 1 && header.lastOffsetDelta === header.recordCount - 1,
      "offsets of a batch are dense",
    );
    const baseOffset = this.logEndOffset;
    stampBaseOffset(batch, baseOffset);
    const row: BatchRow = {
      baseOffset,
      lastOffset: baseOffset + header.lastOffsetDelta,
      maxTimestamp: Math.max(this.lastTimestamp, header.maxTimestamp),
      size: batch.byteLength,
      endBytes: (this.#last?.endBytes ?? this.#removedBytes) + batch.byteLength,
    };
    this.#store.insert(row, batch);
    this.#last = row;
    return { ok: true, baseOffset, lastOffset: row.lastOffset };
  }

  /** `offset` may equal the end (nothing there yet); outside `[start, end]` is refused. */
  checkOffset(offset: number): Answer {
    if (offset > this.logEndOffset) {
      return refuse("offset_out_of_range", `offset ${offset} is beyond log end ${this.logEndOffset}`, {
        hint: `Read from ${this.logEndOffset} for new records`,
        extra: { logStartOffset: this.logStartOffset, logEndOffset: this.logEndOffset },
      });
    }
    if (offset < this.#logStartOffset) {
      return refuse("offset_out_of_range", `offset ${offset} is before log start ${this.#logStartOffset}`, {
        hint: `Retention or a trim removed it: read from ${this.#logStartOffset}, the earliest offset`,
        extra: { logStartOffset: this.logStartOffset, logEndOffset: this.logEndOffset },
      });
    }
    return { ok: true };
  }

  /** Whole batches from the one that holds `from`, within the limits but never less than one if there is one (LOG-6). */
  read(from: number, limits: ReadLimits): LogSlice {
    const span = this.#span(from, limits);
    if (span === undefined) return { bodies: [], bytes: 0, end: from };
    const { first, last } = span;
    const bodies = this.#store.bodies(first.baseOffset, last.baseOffset + 1);
    return { bodies, bytes: last.endBytes - startBytesOf(first), end: last.lastOffset + 1 };
  }

  /** Where a `read` would end. */
  endOf(from: number, limits: ReadLimits): number {
    const span = this.#span(from, limits);
    return span === undefined ? from : span.last.lastOffset + 1;
  }

  /** Where the batch begins that holds `to`, so that what is read before it ends with a batch; `to` if that is none. */
  wholeBatches(from: number, to: number): number {
    if (to >= this.logEndOffset) return to;
    const { baseOffset } = this.#holding(to);
    return baseOffset > from ? baseOffset : to;
  }

  #span(from: number, limits: ReadLimits): { readonly first: BatchRow; readonly last: BatchRow } | undefined {
    const first = from >= this.logEndOffset ? undefined : this.#store.atOrBefore(from);
    return first && { first, last: this.#lastWithin(first, from, limits) };
  }

  #lastWithin(first: BatchRow, from: number, { maxBytes, maxRecords }: ReadLimits): BatchRow {
    const last = this.#holding(Math.min(from + Math.max(1, maxRecords), this.logEndOffset) - 1);
    const over = (row: BatchRow): boolean => row.endBytes - startBytesOf(first) > maxBytes;
    if (last.baseOffset === first.baseOffset || !over(last)) return last;
    return this.#holding(this.#search(first.lastOffset + 1, last, over).baseOffset - 1);
  }

  /** Records `from <= offset < from + limits.maxRecords`, decoded, as far as `maxBytes` of batches go. */
  *records(from: number, limits: ReadLimits, decompress: Decompress): Generator<ConsumerRecord, void, undefined> {
    yield* recordsOf(this.read(from, limits), { from, to: from + limits.maxRecords }, decompress);
  }

  /** As `records`, of an internal topic: the last of each batch says what the batch says of its upstream. */
  *internalRecords(from: number, limits: ReadLimits, decompress: Decompress): Generator<InputRecord, void, undefined> {
    yield* internalRecordsOf(this.read(from, limits), { from, to: from + limits.maxRecords }, decompress);
  }

  /** Offset of the first record with a time of at least `timestampMs`; the end when there is none (Kafka's offsetsForTimes). */
  offsetForTimestamp(timestampMs: number, decompress: Decompress): number {
    let row = this.#first((candidate) => candidate.maxTimestamp >= timestampMs);
    for (; row !== undefined; row = this.#after(row)) {
      for (const body of this.#store.bodies(row.baseOffset, row.baseOffset + 1)) {
        // The running maximum may be that of a batch since removed; the batch's own says so without unfolding it.
        if (readHeader(body).maxTimestamp < timestampMs) continue;
        const record = decodeRecords(body, decompress).find(
          (candidate) => candidate.timestampMs >= timestampMs && candidate.offset >= this.#logStartOffset,
        );
        assert(
          record !== undefined || row.baseOffset < this.#logStartOffset,
          "a record has the maximum timestamp of its batch",
        );
        if (record !== undefined) return record.offset;
      }
    }
    return this.logEndOffset;
  }

  /**
   * Where the log should start to keep within age and size, never past `floor` (the lowest position of an attached task):
   * where it starts now, the beginning of a batch, or the end of the log. A negative `maxBytes` and a `keepFromMs` of 0 are no
   * bound.
   */
  retainedFrom(bounds: { keepFromMs: number; maxBytes: number; floor: number }): number {
    const { keepFromMs, maxBytes, floor } = bounds;
    const end = this.#last?.endBytes ?? 0;
    let start = this.#logStartOffset;
    if (keepFromMs > 0) start = this.#first((row) => row.maxTimestamp >= keepFromMs)?.baseOffset ?? this.logEndOffset;
    if (maxBytes >= 0) {
      const within = this.#first((row) => end - startBytesOf(row) <= maxBytes)?.baseOffset ?? this.logEndOffset;
      start = Math.max(start, within);
    }
    if (start > floor) start = this.#store.atOrBefore(floor)?.baseOffset ?? this.#logStartOffset;
    return Math.max(start, this.#logStartOffset);
  }

  /** The first batch for which `reached` is true, where it stays true from one batch on. */
  #first(reached: (row: BatchRow) => boolean): BatchRow | undefined {
    if (this.#last === undefined || !reached(this.#last)) return undefined;
    return this.#search(this.#logStartOffset, this.#last, reached);
  }

  /** As `#first`, among the batches that begin between `low` and `high`, for which it is true: a binary search (LOG-7). */
  #search(low: number, high: BatchRow, reached: (row: BatchRow) => boolean): BatchRow {
    let found = high;
    for (let from = low; from < found.baseOffset;) {
      const middle = Math.floor((from + found.baseOffset) / 2);
      const row = this.#holding(middle);
      if (reached(row)) found = row;
      else from = middle + 1;
    }
    return found;
  }

  /** `offset` is one of the log's. */
  #holding(offset: number): BatchRow {
    const row = this.#store.atOrBefore(offset);
    assert(row !== undefined && row.lastOffset >= offset, "every offset of the log lies in a batch");
    return row;
  }

  #after(row: BatchRow): BatchRow | undefined {
    const next = row.lastOffset + 1;
    return next >= this.logEndOffset ? undefined : this.#holding(next);
  }

  /** Removes the batches that lie wholly before an offset of the log, or its end. */
  trimBehind(offset: number): void {
    const start = offset >= this.logEndOffset ? this.logEndOffset : this.#holding(offset).baseOffset;
    if (start <= this.#logStartOffset) return;
    this.trim(start);
    this.sweep(Number.MAX_SAFE_INTEGER);
  }

  /**
   * From now on the log starts at this offset, which may lie inside a batch, or at its end. What lies before is not there for
   * anybody, and is for `sweep` to erase.
   */
  trim(offset: number): void {
    assert(offset >= this.#logStartOffset && offset <= this.logEndOffset, "a log is trimmed inside its bounds");
    this.#logStartOffset = offset;
  }

  /**
   * Erases the first batches of those that lie wholly before the start and before `needed`, at most `limit`; answers whether
   * none is left.
   */
  sweep(limit: number, needed = Infinity): boolean {
    const start = this.#logStartOffset;
    const keptFrom = Math.min(needed, start === this.logEndOffset ? start : this.#holding(start).baseOffset);
    this.#store.removeBefore(keptFrom, limit);
    const first = this.#store.first();
    if (first === undefined) this.#last = undefined;
    else this.#removedBytes = startBytesOf(first);
    return first === undefined || first.baseOffset >= keptFrom;
  }
}

/**
 * Records `from <= offset < to` of what was read. One at a time: a slice of 20,000 that live together is old before it is
 * done, and V8 then keeps it until it collects everything.
 */
export function* recordsOf(
  { bodies }: LogSlice,
  { from, to }: { readonly from: number; readonly to: number },
  decompress: Decompress,
): Generator<ConsumerRecord, void, undefined> {
  for (const body of bodies) {
    // No generator inside this one: each costs a tenth of what a record does.
    const reader = new RecordReader(body, decompress);
    for (let record = reader.next(); record !== undefined; record = reader.next()) {
      if (record.offset >= to) return;
      if (record.offset >= from) yield record;
    }
  }
}

function startBytesOf(row: BatchRow): number {
  return row.endBytes - row.size;
}

/** As `recordsOf`, of an internal topic: the last of each batch says what the batch says of its upstream. */
export function* internalRecordsOf(
  { bodies }: LogSlice,
  { from, to }: { readonly from: number; readonly to: number },
  decompress: Decompress,
): Generator<InputRecord, void, undefined> {
  for (const body of bodies) {
    for (const record of withBatchEnd(body, decodeRecords(body, decompress))) {
      if (record.offset >= to) return;
      if (record.offset >= from) yield record;
    }
  }
}
