import { type Answer, type Refusal, refuse } from "../error.ts";
import * as limits from "../limits.ts";
import type { Bytes } from "../record.ts";
import { isUtf8 } from "../utf8.ts";
import { crc32c } from "./crc32c.ts";
import { type BatchHeader, type Decompress, readHeader } from "./decode.ts";
import * as layout from "./layout.ts";
import { HeaderCursor, RecordCursor } from "./record-cursor.ts";

export interface ValidBatch {
  readonly header: BatchHeader;
  /** Bytes of key, value and headers of the largest record, without their framing (BAT-11). */
  readonly largestRecordBytes: number;
}

/**
 * Accepts exactly one RecordBatch that a log may take as it is (BAT-7 … BAT-14); what it accepts, `forEachRecord` reads.
 * The base offset may be anything. Never throws, whatever the bytes (BAT-15).
 */
export function validateBatch(bytes: Bytes, decompress: Decompress): Answer<ValidBatch> {
  const refusal = checkEnvelope(bytes);
  if (refusal !== undefined) return refusal;
  const header = readHeader(bytes);
  const headerRefusal = checkHeader(header);
  if (headerRefusal !== undefined) return headerRefusal;
  if (header.codec === "none") return checkRecords(header, new RecordCursor(bytes, layout.RECORDS_AT));
  const unfolded = unfold(header.codec, bytes.subarray(layout.RECORDS_AT), decompress);
  return unfolded.ok ? checkRecords(header, new RecordCursor(unfolded.section, 0)) : unfolded;
}

/** What must hold before the header can be read: one whole batch, magic 2, an undamaged one, known attributes. */
function checkEnvelope(bytes: Bytes): Refusal | undefined {
  if (bytes.length < layout.RECORDS_AT) {
    return invalid(`${bytes.length} bytes are shorter than the header of a record batch, ${layout.RECORDS_AT} bytes`);
  }
  if (bytes.length > limits.MAX_BATCH_BYTES) {
    return refuse("batch_too_large", `record batch of ${bytes.length} bytes, the limit is ${limits.MAX_BATCH_BYTES}`, {
      hint: "Send several smaller batches",
    });
  }
  const view = layout.viewOf(bytes);
  const magic = view.getInt8(layout.MAGIC_AT);
  if (magic !== layout.MAGIC)
    return invalid(`magic ${magic}, a record batch of Kafka 0.11 or later has ${layout.MAGIC}`);
  const size = view.getInt32(layout.BATCH_LENGTH_AT) + layout.LENGTH_PREFIX_BYTES;
  if (size !== bytes.length) {
    return invalid(`record batch says ${size} bytes, ${bytes.length} were sent`, "Send exactly one batch, whole");
  }
  const crc = view.getUint32(layout.CRC_AT);
  const computed = crc32c(bytes, layout.ATTRIBUTES_AT);
  if (crc !== computed) {
    return invalid(`CRC-32C is ${hex(computed)}, the batch says ${hex(crc)}`, "The batch was damaged: send it again");
  }
  const attributes = view.getInt16(layout.ATTRIBUTES_AT);
  if ((attributes & ~layout.KNOWN_ATTRIBUTES) !== 0)
    return invalid(`unknown attribute bits in ${hex(attributes & 0xffff)}`);
  const codec = attributes & layout.CODEC_MASK;
  return codec < layout.CODECS.length
    ? undefined
    : invalid(`unknown codec ${codec}`, "Send the batch with gzip or none");
}

function checkHeader(header: BatchHeader): Refusal | undefined {
  if (header.transactional || header.control) {
    return invalid(
      header.control ? "a control batch is written by a broker only" : "the batch belongs to a transaction",
      "Use an idempotent producer without a transactional id",
    );
  }
  if (header.timestampType === "LogAppendTime") {
    return refuse("invalid_timestamp", "a producer's batch has CreateTime, this one says LogAppendTime", {
      hint: "Set timestampType of the topic instead",
    });
  }
  const { recordCount, lastOffsetDelta } = header;
  if (recordCount < 1) return invalid(`${recordCount} records, a batch has at least one`);
  if (recordCount > limits.MAX_RECORDS_PER_REQUEST) {
    return refuse("batch_too_large", `${recordCount} records, the limit is ${limits.MAX_RECORDS_PER_REQUEST}`, {
      hint: "Send several smaller batches",
    });
  }
  if (lastOffsetDelta !== recordCount - 1) {
    return invalid(`last offset delta ${lastOffsetDelta} does not fit ${recordCount} records`);
  }
  const { baseTimestamp } = header;
  if (baseTimestamp < limits.MIN_TIMESTAMP_MS || baseTimestamp > limits.MAX_TIMESTAMP_MS) {
    return refuse("invalid_timestamp", `base timestamp ${baseTimestamp} is out of range`, { hint: TIMESTAMP_HINT });
  }
  return checkProducer(header);
}

function checkProducer({ producerId, producerEpoch, baseSequence }: BatchHeader): Refusal | undefined {
  if (producerId === -1) return undefined;
  if (producerId < -1 || !Number.isSafeInteger(producerId)) {
    return invalid(`producer id ${producerId} is out of range`, "Allocate one with POST /v1/producers");
  }
  if (producerEpoch >= 0 && baseSequence >= 0) return undefined;
  return invalid(
    `producer ${producerId} has epoch ${producerEpoch} and sequence ${baseSequence}, both begin at 0`,
    "Send producer id -1 to produce without idempotence",
  );
}

type Unfolded = Answer<{ readonly section: Bytes }>;

function unfold(codec: layout.Codec, data: Bytes, decompress: Decompress): Unfolded {
  const hint = `Send the batch with gzip or none, at most ${limits.MAX_UNFOLDED_BYTES} bytes unfolded`;
  try {
    const section = decompress(codec, data, limits.MAX_UNFOLDED_BYTES);
    if (section.length <= limits.MAX_UNFOLDED_BYTES) return { ok: true, section };
  } catch (error) {
    if (!(error instanceof RangeError)) {
      return invalid(`records cannot be unfolded with ${codec}: ${error instanceof Error ? error.message : "?"}`, hint);
    }
  }
  return refuse("batch_too_large", `records unfold to more than ${limits.MAX_UNFOLDED_BYTES} bytes`, { hint });
}

/** `cursor` stands before the first record. */
function checkRecords(header: BatchHeader, cursor: RecordCursor): Answer<ValidBatch> {
  let largestRecordBytes = 0;
  let maxTimestamp = -1;
  for (let index = 0; index < header.recordCount; index++) {
    if (!cursor.next()) return invalid(`records[${index}]: ${cursor.problem}`, MALFORMED_HINT);
    if (cursor.offsetDelta !== index) {
      return invalid(`records[${index}]: offset delta ${cursor.offsetDelta}, expected ${index}`, MALFORMED_HINT);
    }
    const timestamp = header.baseTimestamp + cursor.timestampDelta;
    if (timestamp < limits.MIN_TIMESTAMP_MS || timestamp > limits.MAX_TIMESTAMP_MS)
      return timestampOutOfRange(index, timestamp);
    if (timestamp > maxTimestamp) maxTimestamp = timestamp;
    const contentBytes = checkContent(index, cursor);
    if (typeof contentBytes !== "number") return contentBytes;
    if (contentBytes > largestRecordBytes) largestRecordBytes = contentBytes;
  }
  const rest = cursor.bytes.length - cursor.end;
  if (rest !== 0) return invalid(`${rest} bytes follow the last of ${header.recordCount} records`, MALFORMED_HINT);
  if (maxTimestamp !== header.maxTimestamp) {
    return refuse("invalid_timestamp", `maximum timestamp ${header.maxTimestamp}, the records' is ${maxTimestamp}`, {
      hint: "Set the maximum timestamp of the batch to its records' largest",
    });
  }
  return { ok: true, header, largestRecordBytes };
}

/** Bytes of key, value and headers of the record at `cursor`. */
function checkContent(index: number, cursor: RecordCursor): number | Refusal {
  const { keyLength, valueLength } = cursor;
  if (keyLength < 0 && valueLength < 0) {
    return invalid(`records[${index}]: key and value are both null`, "A tombstone needs the key it removes");
  }
  if (keyLength > limits.MAX_KEY_BYTES) {
    return tooLarge(`records[${index}].key`, `${keyLength} bytes, the limit is ${limits.MAX_KEY_BYTES}`);
  }
  const headerBytes = cursor.headerCount === 0 ? 0 : checkHeaders(index, cursor);
  if (typeof headerBytes !== "number") return headerBytes;
  const size = Math.max(keyLength, 0) + Math.max(valueLength, 0) + headerBytes;
  if (size <= limits.MAX_RECORD_BYTES) return size;
  return tooLarge(`records[${index}]`, `${size} bytes, the limit is ${limits.MAX_RECORD_BYTES}`);
}

function checkHeaders(index: number, cursor: RecordCursor): number | Refusal {
  if (cursor.headerCount > limits.MAX_HEADERS_PER_RECORD) {
    const limit = limits.MAX_HEADERS_PER_RECORD;
    return tooLarge(`records[${index}].headers`, `${cursor.headerCount} headers, the limit is ${limit}`);
  }
  let total = 0;
  const header = new HeaderCursor(cursor);
  for (let at = 0; header.next(); at++) {
    const place = `records[${index}].headers[${at}]`;
    const size = header.nameLength + Math.max(header.valueLength, 0);
    if (size > limits.MAX_HEADER_BYTES)
      return tooLarge(place, `${size} bytes, the limit is ${limits.MAX_HEADER_BYTES}`);
    if (!isUtf8(header.bytes.subarray(header.nameAt, header.nameAt + header.nameLength))) {
      return invalid(`${place}: its name is not UTF-8`, "Names of headers are text");
    }
    total += size;
  }
  return header.problem === "" ? total : invalid(`records[${index}]: ${header.problem}`, MALFORMED_HINT);
}

const MALFORMED_HINT = "The batch was not encoded as Kafka's RecordBatch, magic 2";
const TIMESTAMP_HINT = `Times are ms since 1970, ${limits.MIN_TIMESTAMP_MS} … ${limits.MAX_TIMESTAMP_MS}`;

function timestampOutOfRange(index: number, timestamp: number): Refusal {
  const field = `records[${index}].timestamp`;
  return refuse("invalid_timestamp", `${field}: ${timestamp} is out of range`, { field, hint: TIMESTAMP_HINT });
}

function tooLarge(field: string, message: string): Refusal {
  return refuse("record_too_large", `${field}: ${message}`, {
    field,
    hint: "Send less, or a reference to where it is kept",
  });
}

function invalid(message: string, hint?: string): Refusal {
  return refuse("invalid_request", message, { hint });
}

function hex(value: number): string {
  return `0x${value.toString(16)}`;
}
