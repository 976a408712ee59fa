import { MAX_UNFOLDED_BYTES } from "../limits.ts";
import type { Bytes, ConsumerRecord, Header } from "../record.ts";
import { readUtf8 } from "../utf8.ts";
import { readInt64 } from "./int64.ts";
import * as layout from "./layout.ts";
import { HeaderCursor, RecordCursor } from "./record-cursor.ts";
import { type StoredBatch, StoredRecord } from "./stored-record.ts";

/**
 * Unfolds the records section of a batch, synchronously. `codec` is never `none`. Throws a RangeError when the result would
 * be longer than `maxBytes`, without building it first, and another Error for malformed data or a codec it does not have.
 */
export type Decompress = (codec: layout.Codec, data: Uint8Array, maxBytes: number) => Bytes;

/** The header in numbers. Nothing is checked against anything: that is `validateBatch`. */
export interface BatchHeader {
  readonly baseOffset: number;
  /** The field: size less 12. */
  readonly batchLength: number;
  readonly sizeBytes: number;
  readonly lastOffset: number;
  readonly lastOffsetDelta: number;
  readonly magic: number;
  readonly crc: number;
  readonly codec: layout.Codec;
  readonly timestampType: "CreateTime" | "LogAppendTime";
  readonly transactional: boolean;
  readonly control: boolean;
  readonly baseTimestamp: number;
  readonly maxTimestamp: number;
  /** -1 without an idempotent producer; then epoch and sequence mean nothing. */
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  readonly recordCount: number;
}

/** Of the batch that begins at `at`. There must be a whole header; an unknown codec throws. */
export function readHeader(bytes: Uint8Array, at = 0): BatchHeader {
  const view = layout.viewOf(bytes);
  const attributes = view.getInt16(at + layout.ATTRIBUTES_AT);
  const codec = layout.CODECS[attributes & layout.CODEC_MASK];
  if (codec === undefined) throw new RangeError(`codec ${attributes & layout.CODEC_MASK} is not one of Kafka's`);
  const baseOffset = readInt64(view, at + layout.BASE_OFFSET_AT);
  const batchLength = view.getInt32(at + layout.BATCH_LENGTH_AT);
  const lastOffsetDelta = view.getInt32(at + layout.LAST_OFFSET_DELTA_AT);
  return {
    baseOffset,
    batchLength,
    sizeBytes: batchLength + layout.LENGTH_PREFIX_BYTES,
    lastOffset: baseOffset + lastOffsetDelta,
    lastOffsetDelta,
    magic: view.getInt8(at + layout.MAGIC_AT),
    crc: view.getUint32(at + layout.CRC_AT),
    codec,
    timestampType: (attributes & layout.LOG_APPEND_TIME_BIT) === 0 ? "CreateTime" : "LogAppendTime",
    transactional: (attributes & layout.TRANSACTIONAL_BIT) !== 0,
    control: (attributes & layout.CONTROL_BIT) !== 0,
    baseTimestamp: readInt64(view, at + layout.BASE_TIMESTAMP_AT),
    maxTimestamp: readInt64(view, at + layout.MAX_TIMESTAMP_AT),
    producerId: readInt64(view, at + layout.PRODUCER_ID_AT),
    producerEpoch: view.getInt16(at + layout.PRODUCER_EPOCH_AT),
    baseSequence: view.getInt32(at + layout.BASE_SEQUENCE_AT),
    recordCount: view.getInt32(at + layout.RECORD_COUNT_AT),
  };
}

/** The batches that stand one after another, as views. Throws when the bytes end inside one. */
export function* batchesIn(bytes: Bytes): Generator<Bytes, void, undefined> {
  const view = layout.viewOf(bytes);
  for (let at = 0; at < bytes.length;) {
    const left = bytes.length - at;
    const size = left < layout.RECORDS_AT ? 0 : view.getInt32(at + layout.BATCH_LENGTH_AT) + layout.LENGTH_PREFIX_BYTES;
    if (size < layout.RECORDS_AT || size > left) throw new RangeError(`the bytes end inside a batch, at ${at}`);
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

const NO_HEADERS: readonly Header[] = Object.freeze([]);

/**
 * Reads the records of one batch that `validateBatch` has accepted, in order, each made when it is asked for. Keys and values
 * are views: of the batch itself, or of its unfolded records. A LogAppendTime batch gives every record its maximum timestamp
 * (BAT-6). Throws on a batch that is malformed after all.
 */
export class RecordReader {
  readonly #batch: StoredBatch;
  readonly #bytes: Bytes;
  readonly #cursor: RecordCursor;
  readonly #appendTime: boolean;
  #read = 0;

  constructor(batch: Bytes, decompress: Decompress) {
    const header = readHeader(batch);
    const folded = header.codec !== "none";
    this.#bytes = folded ? unfold(header.codec, batch, decompress) : batch;
    this.#cursor = new RecordCursor(this.#bytes, folded ? 0 : layout.RECORDS_AT);
    this.#appendTime = header.timestampType === "LogAppendTime";
    const plain = !folded && !this.#appendTime && !header.transactional && !header.control;
    this.#batch = { header, bytes: batch, plain };
  }

  /** The next record; undefined after the last. */
  next(): ConsumerRecord | undefined {
    const { header } = this.#batch;
    if (this.#read === header.recordCount) return undefined;
    const cursor = this.#cursor;
    const from = cursor.end;
    if (!cursor.next()) throw new Error(`malformed batch: records[${this.#read}]: ${cursor.problem}`);
    this.#read++;
    const bytes = this.#bytes;
    const timestampMs = this.#appendTime ? header.maxTimestamp : header.baseTimestamp + cursor.timestampDelta;
    const headers = cursor.headerCount === 0 ? NO_HEADERS : readHeaders(bytes, cursor);
    return new StoredRecord(this.#batch, cursor, { timestampMs, headers, bytes, from });
  }
}

/** Visits the records of one batch until `visit` answers false. */
export function forEachRecord(
  batch: Bytes,
  decompress: Decompress,
  visit: (record: ConsumerRecord) => void | false,
): void {
  const reader = new RecordReader(batch, decompress);
  for (let record = reader.next(); record !== undefined; record = reader.next()) if (visit(record) === false) return;
}

function unfold(codec: layout.Codec, batch: Bytes, decompress: Decompress): Bytes {
  const section = decompress(codec, batch.subarray(layout.RECORDS_AT), MAX_UNFOLDED_BYTES);
  // node:zlib answers a Buffer, whose views are Buffers, whose `slice` does not copy.
  return new Uint8Array(section.buffer, section.byteOffset, section.byteLength);
}

export function decodeRecords(batch: Bytes, decompress: Decompress): ConsumerRecord[] {
  const records: ConsumerRecord[] = [];
  forEachRecord(batch, decompress, (record) => void records.push(record));
  return records;
}

function readHeaders(bytes: Bytes, record: RecordCursor): Header[] {
  const headers: Header[] = [];
  const cursor = new HeaderCursor(record);
  while (cursor.next()) {
    const { nameAt, nameLength, valueAt, valueLength } = cursor;
    headers.push({
      key: readUtf8(bytes, nameAt, nameAt + nameLength),
      value: valueLength < 0 ? null : bytes.subarray(valueAt, valueAt + valueLength),
    });
  }
  if (cursor.problem !== "") throw new Error(`malformed batch: ${cursor.problem}`);
  return headers;
}
