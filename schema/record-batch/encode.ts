import type { Bytes } from "../record.ts";
import { writeUtf8 } from "../utf8.ts";
import type { BatchCopy } from "./copy.ts";
import { crc32c } from "./crc32c.ts";
import { writeInt64 } from "./int64.ts";
import * as layout from "./layout.ts";
import { sizeOfVarint, writeVarint, writeVarlong } from "./varint.ts";

/** A `ProducerRecord`, or one whose texts are still strings: these are written as UTF-8 without a copy in between. */
export interface EncodableRecord {
  readonly key: Bytes | string | null;
  readonly value: Bytes | string | null;
  readonly timestampMs: number;
  readonly headers: readonly { readonly key: string; readonly value: Bytes | string | null }[];
}

/** What an idempotent producer writes into a batch; absent fields are -1, Kafka's "none". */
export interface ProducerFields {
  readonly producerId?: number | undefined;
  readonly producerEpoch?: number | undefined;
  readonly baseSequence?: number | undefined;
}

/** Batches of the engine's own topics use two more fields. */
export interface BatchFields extends ProducerFields {
  readonly control?: boolean | undefined;
  /** In place of the records' true maximum. */
  readonly maxTimestamp?: number | undefined;
}

/** Of a varint that holds a length or a count. */
const MAX_VARINT_BYTES = 5;
/** Length, attributes, time delta of a safe integer, offset delta, two lengths, header count. */
const MAX_RECORD_FRAME_BYTES = MAX_VARINT_BYTES + 1 + 8 + 4 * MAX_VARINT_BYTES;
/** Attributes, five one-byte varints. */
const USUAL_RECORD_FRAME_BYTES = 6;

/** One uncompressed batch of at least one record (BAT-2). Timestamps must be safe integers; limits are not checked. */
export function encodeBatch(records: readonly EncodableRecord[], fields: ProducerFields = {}): Bytes {
  let size = layout.RECORDS_AT;
  for (const record of records) size += encodedSize(record);
  const builder = new BatchBuilder(size);
  for (const record of records) builder.add(record);
  return builder.take(fields);
}

/** Upper bound of what a record adds to a batch. For records of bytes it is at most 28 bytes, and 8 a header, too high. */
export function encodedSize(record: EncodableRecord): number {
  let size = MAX_RECORD_FRAME_BYTES + maxBytes(record.key) + maxBytes(record.value);
  for (const header of record.headers) {
    size += 2 * MAX_VARINT_BYTES + maxBytes(header.key) + maxBytes(header.value);
  }
  return size;
}

function maxBytes(field: Bytes | string | null): number {
  if (field === null) return 0;
  return typeof field === "string" ? 3 * field.length : field.length;
}

/**
 * Collects records of one batch, encoding each once, when it is added. `take` hands the batch out and makes the builder
 * empty, ready for the next one.
 */
export class BatchBuilder {
  #buffer: Bytes;
  #at = layout.RECORDS_AT;
  #count = 0;
  #baseTimestamp = 0;
  #maxTimestamp = 0;
  #largestRecordBytes = 0;
  /** Bytes of framing in the record being written. */
  #framing = 0;

  constructor(initialBytes = 1024) {
    this.#buffer = new Uint8Array(Math.max(initialBytes, layout.RECORDS_AT));
  }

  get count(): number {
    return this.#count;
  }

  /** Size of the batch that `take` would give. */
  get bytes(): number {
    return this.#at;
  }

  /** Bytes of key, value and headers of the largest record, without their framing (BAT-11). */
  get largestRecordBytes(): number {
    return this.#largestRecordBytes;
  }

  /** Begins an empty batch with records of a plain one as they lie there; `largestRecordBytes` does not count them. */
  begin({ batch, count, end, maxTimestamp }: BatchCopy): void {
    if (this.#count > 0) throw new RangeError("the batch has records");
    this.#reserve(end - layout.RECORDS_AT);
    this.#buffer.set(batch.bytes.subarray(layout.RECORDS_AT, end), layout.RECORDS_AT);
    this.#at = end;
    this.#count = count;
    this.#baseTimestamp = batch.header.baseTimestamp;
    this.#maxTimestamp = maxTimestamp;
  }

  add(record: EncodableRecord): void {
    this.#reserve(encodedSize(record));
    if (this.#count === 0) this.#baseTimestamp = this.#maxTimestamp = record.timestampMs;
    else if (record.timestampMs > this.#maxTimestamp) this.#maxTimestamp = record.timestampMs;
    const start = this.#at;
    const room = sizeOfVarint(USUAL_RECORD_FRAME_BYTES + (record.key?.length ?? 0) + (record.value?.length ?? 0));
    this.#at += room;
    this.#writeBody(record);
    const size = this.#at - start - room;
    this.#writeLength({ at: start, room, length: size });
    if (size - this.#framing > this.#largestRecordBytes) this.#largestRecordBytes = size - this.#framing;
    this.#count++;
  }

  /** The batch, uncompressed, in a buffer of its own. There must be a record. */
  take(fields: BatchFields = {}): Bytes {
    if (this.#count === 0) throw new RangeError("a batch has at least one record");
    const view = layout.viewOf(this.#buffer);
    writeInt64(view, layout.BASE_OFFSET_AT, 0);
    view.setInt32(layout.BATCH_LENGTH_AT, this.#at - layout.LENGTH_PREFIX_BYTES);
    view.setInt32(layout.PARTITION_LEADER_EPOCH_AT, layout.NO_PARTITION_LEADER_EPOCH);
    view.setInt8(layout.MAGIC_AT, layout.MAGIC);
    view.setInt16(layout.ATTRIBUTES_AT, fields.control === true ? layout.CONTROL_BIT : 0);
    view.setInt32(layout.LAST_OFFSET_DELTA_AT, this.#count - 1);
    writeInt64(view, layout.BASE_TIMESTAMP_AT, this.#baseTimestamp);
    writeInt64(view, layout.MAX_TIMESTAMP_AT, fields.maxTimestamp ?? this.#maxTimestamp);
    writeInt64(view, layout.PRODUCER_ID_AT, fields.producerId ?? -1);
    view.setInt16(layout.PRODUCER_EPOCH_AT, fields.producerEpoch ?? -1);
    view.setInt32(layout.BASE_SEQUENCE_AT, fields.baseSequence ?? -1);
    view.setInt32(layout.RECORD_COUNT_AT, this.#count);
    // A copy: a view of a larger buffer would carry the whole buffer through structured clone and RPC.
    const batch = this.#buffer.slice(0, this.#at);
    layout.viewOf(batch).setUint32(layout.CRC_AT, crc32c(batch, layout.ATTRIBUTES_AT));
    this.#at = layout.RECORDS_AT;
    this.#count = 0;
    this.#largestRecordBytes = 0;
    return batch;
  }

  #reserve(bytes: number): void {
    const needed = this.#at + bytes;
    if (needed <= this.#buffer.length) return;
    const grown = new Uint8Array(Math.max(needed, 2 * this.#buffer.length));
    grown.set(this.#buffer.subarray(0, this.#at));
    this.#buffer = grown;
  }

  #writeBody(record: EncodableRecord): void {
    const start = this.#at;
    this.#buffer[this.#at++] = 0;
    this.#at = writeVarlong(this.#buffer, this.#at, record.timestampMs - this.#baseTimestamp);
    this.#at = writeVarint(this.#buffer, this.#at, this.#count);
    this.#framing = this.#at - start;
    this.#writeField(record.key);
    this.#writeField(record.value);
    const { headers } = record;
    const countAt = this.#at;
    this.#at = writeVarint(this.#buffer, countAt, headers.length);
    this.#framing += this.#at - countAt;
    if (headers.length === 0) return;
    for (const header of headers) {
      this.#writeField(header.key);
      this.#writeField(header.value);
    }
  }

  /** A length, then the bytes; -1 alone for null. */
  #writeField(field: Bytes | string | null): void {
    const start = this.#at;
    if (field === null) {
      this.#at = writeVarint(this.#buffer, start, -1);
      this.#framing++;
      return;
    }
    const room = sizeOfVarint(field.length);
    if (typeof field === "string") {
      this.#at = writeUtf8(this.#buffer, start + room, field);
      const length = this.#at - start - room;
      if (length === field.length) writeVarint(this.#buffer, start, length);
      else this.#writeLength({ at: start, room, length });
      this.#framing += this.#at - start - length;
    } else {
      writeVarint(this.#buffer, start, field.length);
      this.#buffer.set(field, start + room);
      this.#at = start + room + field.length;
      this.#framing += room;
    }
  }

  /** Writes the length of what was just written, moving it where the varint does not fill the room guessed for it. */
  #writeLength({ at, room, length }: { at: number; room: number; length: number }): void {
    const needed = sizeOfVarint(length);
    if (needed !== room) {
      this.#buffer.copyWithin(at + needed, at + room, this.#at);
      this.#at += needed - room;
    }
    writeVarint(this.#buffer, at, length);
  }
}
