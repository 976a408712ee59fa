import { MAX_PARTITION_BYTES } from "../../../schema/limits.ts";
import { type Answer, refuse } from "../../../schema/error.ts";
import type { Bytes, ConsumerRecord } from "../../../schema/record.ts";
import { decodeRecords, readHeader, type Decompress } from "../../../schema/record-batch/decode.ts";
import { stampBaseOffset } from "../../../schema/record-batch/stamp.ts";
import { assert } from "../assert.ts";
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

  /** `logStartOffset` is the committed one: it is also the end of a log that retention has emptied. */
  constructor(store: LogStore, logStartOffset: number) {
    this.#store = store;
    this.#logStartOffset = logStartOffset;
    this.#last = store.last();
    const first = store.first();
    this.#removedBytes = first === undefined ? 0 : first.endBytes - first.size;
    assert(this.#last === undefined || this.#last.lastOffset >= logStartOffset - 1, "the log ends before it starts");
  }

  get logStartOffset(): number {
    return this.#logStartOffset;
  }

  /** Offset the next record gets. */
  get logEndOffset(): number {
    return this.#last === undefined ? this.#logStartOffset : this.#last.lastOffset + 1;
  }

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
    const baseOffset = this.logEndOffset;
    stampBaseOffset(batch, baseOffset);
    const row: BatchRow = {
      baseOffset,
      lastOffset: baseOffset + header.lastOffsetDelta,
      maxTimestamp: Math.max(this.lastTimestamp, header.maxTimestamp),
      size: batch.byteLength,
      endBytes: (this.#last?.endBytes ?? this.#removedBytes) + batch.byteLength,
    };
    assert(row.lastOffset >= baseOffset, "a batch has at least one record");
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
        hint: `Retention removed it: read from ${this.#logStartOffset}, the earliest offset`,
        extra: { logStartOffset: this.logStartOffset, logEndOffset: this.logEndOffset },
      });
    }
    return { ok: true };
  }

  /** Whole batches from the one that holds `from`, within the limits but never less than one if there is one (LOG-6). */
  read(from: number, limits: ReadLimits): LogSlice {
    const bodies: Bytes[] = [];
    let bytes = 0;
    let end = from;
    const first = from >= this.logEndOffset ? undefined : this.#store.atOrBefore(from);
    if (first === undefined) return { bodies, bytes, end };
    for (const batch of this.#store.from(first.baseOffset)) {
      if (bodies.length > 0 && (bytes + batch.size > limits.maxBytes || end - from >= limits.maxRecords)) break;
      bodies.push(batch.body);
      bytes += batch.size;
      end = batch.lastOffset + 1;
    }
    return { bodies, bytes, end };
  }

  /** Records `from <= offset < from + limits.maxRecords`, decoded, as far as `maxBytes` of batches go. */
  *records(from: number, limits: ReadLimits, decompress: Decompress): Generator<ConsumerRecord, void, undefined> {
    const end = from + limits.maxRecords;
    for (const body of this.read(from, limits).bodies) {
      for (const record of decodeRecords(body, decompress)) {
        if (record.offset >= end) return;
        if (record.offset >= from) yield record;
      }
    }
  }

  /** Offset of the first record with a time of at least `timestampMs`; the end when there is none (Kafka's offsetsForTimes). */
  offsetForTimestamp(timestampMs: number, decompress: Decompress): number {
    const row = this.#firstBatchReaching(timestampMs);
    if (row === undefined) return this.logEndOffset;
    for (const batch of this.#store.from(row.baseOffset)) {
      for (const record of decodeRecords(batch.body, decompress)) {
        if (record.timestampMs >= timestampMs && record.offset >= this.#logStartOffset) return record.offset;
      }
    }
    return this.logEndOffset;
  }

  /** First batch whose running maximum reaches the time: `max_timestamp` never falls, so it is a binary search (LOG-7). */
  #firstBatchReaching(timestampMs: number): BatchRow | undefined {
    const first = this.#store.first();
    if (first === undefined || this.#last === undefined || this.#last.maxTimestamp < timestampMs) return undefined;
    if (first.maxTimestamp >= timestampMs) return first;
    let below = first.baseOffset;
    let reaching = this.#last;
    while (reaching.baseOffset > below) {
      const middle = this.#store.atOrBefore(Math.floor((below + reaching.baseOffset) / 2));
      assert(middle !== undefined, "a batch stands at or before every offset of the log");
      if (middle.maxTimestamp >= timestampMs) reaching = middle;
      else if (middle.baseOffset === below) {
        const next = this.#store.atOrBefore(this.#endOf(middle));
        assert(next !== undefined && next.baseOffset > below, "a batch follows");
        if (next.maxTimestamp >= timestampMs) return next;
        below = next.baseOffset;
      } else below = middle.baseOffset;
    }
    return reaching;
  }

  #endOf(row: BatchRow): number {
    return row.lastOffset + 1;
  }

  /**
   * Where the log should start to keep within age and size, never past `floor` (the lowest position of an attached task):
   * always the beginning of a batch, or the end of the log.
   */
  retainedFrom(bounds: { keepFromMs: number; maxBytes: number; floor: number }): number {
    let start = this.#logStartOffset;
    const fresh = bounds.keepFromMs <= 0 ? undefined : (this.#firstBatchReaching(bounds.keepFromMs) ?? "none");
    if (fresh === "none") start = this.logEndOffset;
    else if (fresh !== undefined) start = Math.max(start, fresh.baseOffset);
    if (bounds.maxBytes >= 0) start = Math.max(start, this.#firstWithin(bounds.maxBytes));
    if (start <= bounds.floor) return start;
    const held = this.#store.atOrBefore(bounds.floor);
    return Math.max(this.#logStartOffset, held?.baseOffset ?? this.#logStartOffset);
  }

  #firstWithin(maxBytes: number): number {
    let start = this.#logStartOffset;
    for (let row = this.#store.first(); row !== undefined && this.#last !== undefined; ) {
      if (this.#last.endBytes - (row.endBytes - row.size) <= maxBytes) return row.baseOffset;
      start = this.#endOf(row);
      row = start >= this.logEndOffset ? undefined : this.#store.atOrBefore(start);
    }
    return start;
  }

  /** Removes batches before `offset`, which begins a batch or is the end, at most `limit`; answers whether all are gone. */
  trim(offset: number, limit: number): boolean {
    const removed = this.#store.removeBefore(offset, limit);
    const first = this.#store.first();
    this.#logStartOffset = Math.max(this.#logStartOffset, first === undefined ? offset : first.baseOffset);
    if (first !== undefined) this.#removedBytes = first.endBytes - first.size;
    else if (this.#last !== undefined) {
      this.#removedBytes = this.#last.endBytes;
      this.#last = undefined;
    }
    return removed < limit;
  }
}
