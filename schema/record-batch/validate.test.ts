import { gunzipSync, gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import * as limits from "../limits.ts";
import type { Bytes } from "../record.ts";
import { compressBatch } from "../test/compress-batch.ts";
import { recordsSection, withRecordsSection } from "./compress.ts";
import { crc32c } from "./crc32c.ts";
import { type Decompress, readHeader } from "./decode.ts";
import { encodeBatch, type EncodableRecord } from "./encode.ts";
import { writeInt64 } from "./int64.ts";
import * as layout from "./layout.ts";
import { validateBatch } from "./validate.ts";

const decompress: Decompress = (codec, data, maxOutputLength) => {
  if (codec !== "gzip") throw new Error(`codec ${codec} is not available`);
  return gunzipSync(data, { maxOutputLength });
};
const validate = (batch: Uint8Array) => validateBatch(new Uint8Array(batch), decompress);
const record = (key: string | null, value: string | null, timestampMs = 1000): EncodableRecord => ({
  key,
  value,
  timestampMs,
  headers: [],
});
const valid = () => encodeBatch([record("a", "1", 1000), record("b", "2", 3000), record("c", null, 2000)]);

/** A valid batch changed, with a true CRC. */
function changed(change: (view: DataView, batch: Bytes) => void, batch = valid()): Bytes {
  const view = layout.viewOf(batch);
  change(view, batch);
  view.setUint32(layout.CRC_AT, crc32c(batch, layout.ATTRIBUTES_AT));
  return batch;
}

/** A batch of one record whose body is written by hand: everything after the length. */
function withBody(...body: number[]): Bytes {
  const batch = encodeBatch([record("a", "1")]);
  return withRecordsSection(batch, "none", Uint8Array.from([body.length * 2, ...body]));
}

test("a valid batch is accepted with its figures [BAT-7]", () => {
  const batch = encodeBatch([
    record("key", "value"),
    { ...record("k", "v"), headers: [{ key: "é", value: "12345678" }] },
  ]);
  writeInt64(layout.viewOf(batch), 0, 2 ** 50);
  expect(validate(batch)).toEqual({ ok: true, header: readHeader(batch), largestRecordBytes: 12 });
});

test("gzip is accepted and measured unfolded [BAT-14]", () => {
  const batch = compressBatch(encodeBatch([record("a", "x".repeat(5000))]), "gzip", (raw) => gzipSync(raw));
  expect(validate(batch)).toMatchObject({ ok: true, largestRecordBytes: 5001, header: { codec: "gzip" } });
});

test.each<[string, () => Uint8Array, string]>([
  ["nothing", () => new Uint8Array(0), "0 bytes are shorter than the header of a record batch, 61 bytes"],
  ["a header cut off", () => valid().slice(0, 60), "60 bytes are shorter than the header"],
  ["a batch cut off", () => valid().slice(0, -1), "record batch says 89 bytes, 88 were sent"],
  ["two batches", () => new Uint8Array([...valid(), ...valid()]), "record batch says 89 bytes, 178 were sent"],
  ["an old message set", () => changed((view) => view.setInt8(16, 1)), "magic 1, a record batch"],
  ["a negative length", () => changed((view) => view.setInt32(8, -12)), "record batch says 0 bytes"],
  ["a damaged byte", () => valid().with(70, 0x55), "CRC-32C is"],
])("%s is no batch [BAT-7]", (_, batch, message) => {
  expect(validate(batch())).toMatchObject({
    ok: false,
    code: "invalid_request",
    message: expect.stringContaining(message),
  });
});

test.each<[string, () => Uint8Array, string]>([
  ["no records", () => changed((view) => view.setInt32(57, 0)), "0 records, a batch has at least one"],
  ["a negative count", () => changed((view) => view.setInt32(57, -3)), "-3 records"],
  [
    "a wrong last offset delta",
    () => changed((view) => view.setInt32(23, 3)),
    "last offset delta 3 does not fit 3 records",
  ],
  [
    "fewer records than it says",
    () => changed((view) => (view.setInt32(57, 4), view.setInt32(23, 3))),
    "records[3]: its length",
  ],
  [
    "more records than it says",
    () => changed((view) => (view.setInt32(57, 2), view.setInt32(23, 1))),
    "follow the last of 2",
  ],
  ["an offset twice", () => withBody(0, 0, 2, 2, 97, 2, 49, 0), "records[0]: offset delta 1, expected 0"],
  [
    "a record without end",
    () => withRecordsSection(valid(), "none", Uint8Array.of(200, 1, 0)),
    "records[0]: its length",
  ],
  ["an empty record", () => withRecordsSection(valid(), "none", Uint8Array.of(0)), "records[0]: its length"],
  ["a negative record", () => withRecordsSection(valid(), "none", Uint8Array.of(1)), "records[0]: its length"],
  [
    "a key beyond its record",
    () => withBody(0, 0, 0, 8, 97, 2, 49, 0),
    "records[0]: its key, value or headers are not",
  ],
  ["a key of length -2", () => withBody(0, 0, 0, 3, 2, 49, 0), "records[0]: its key, value or headers are not"],
  ["a value of length -2", () => withBody(0, 0, 0, 2, 97, 3, 0), "records[0]: its key, value or headers are not"],
  ["bytes after the headers", () => withBody(0, 0, 0, 2, 97, 2, 49, 0, 0), "records[0]: bytes follow its last field"],
  [
    "a negative header count",
    () => withBody(0, 0, 0, 2, 97, 2, 49, 1),
    "records[0]: its key, value or headers are not",
  ],
  ["a header beyond its record", () => withBody(0, 0, 0, 2, 97, 2, 49, 2, 8, 97), "records[0]: a header is not inside"],
  ["a header with a null name", () => withBody(0, 0, 0, 2, 97, 2, 49, 2, 1, 1), "records[0]: a header is not inside"],
  ["a header cut off", () => withBody(0, 0, 0, 2, 97, 2, 49, 4, 2, 97, 1), "records[0]: a header is not inside"],
  [
    "bytes after a header",
    () => withBody(0, 0, 0, 2, 97, 2, 49, 2, 2, 97, 1, 0),
    "records[0]: bytes follow its last header",
  ],
])("%s is malformed [BAT-8]", (_, batch, message) => {
  expect(validate(batch())).toMatchObject({
    ok: false,
    code: "invalid_request",
    message: expect.stringContaining(message),
  });
});

test.each<[string, () => Uint8Array, string]>([
  [
    "before 1970",
    () => encodeBatch([record("a", "1", 5), record("b", "2", -1)]),
    "records[1].timestamp: -1 is out of range",
  ],
  ["a first one before 1970", () => encodeBatch([record("a", "1", -1)]), "base timestamp -1 is out of range"],
  [
    "after 9999",
    () => encodeBatch([record("a", "1"), record("b", "2", limits.MAX_TIMESTAMP_MS + 1)]),
    "records[1].timestamp: 253402300800000 is out of range",
  ],
  ["beyond 2^53", () => changed((view) => view.setBigInt64(27, 2n ** 60n)), "base timestamp 1152921504606847000"],
  [
    "a delta beyond 2^53",
    () => withBody(0, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 0, 2, 97, 2, 49, 0),
    "records[0].timestamp: ",
  ],
  [
    "a maximum too high",
    () => changed((view) => view.setBigInt64(35, 3001n)),
    "maximum timestamp 3001, the records' is 3000",
  ],
  [
    "a maximum too low",
    () => changed((view) => view.setBigInt64(35, 2999n)),
    "maximum timestamp 2999, the records' is 3000",
  ],
  ["LogAppendTime", () => changed((view) => view.setInt16(21, 8)), "a producer's batch has CreateTime"],
])("timestamp %s is refused [BAT-9]", (_, batch, message) => {
  expect(validate(batch())).toMatchObject({
    ok: false,
    code: "invalid_timestamp",
    message: expect.stringContaining(message),
  });
});

test("the first and the last allowed time are accepted [BAT-9]", () => {
  const batch = encodeBatch([record("a", "1", limits.MAX_TIMESTAMP_MS), record("b", "2", 0)]);
  expect(validate(batch)).toMatchObject({ ok: true });
});

test.each([
  [0x10, "the batch belongs to a transaction"],
  [0x20, "a control batch is written by a broker only"],
  [0x30, "a control batch"],
  [0x40, "unknown attribute bits in 0x40"],
  [-0x8000, "unknown attribute bits in 0x8000"],
  [5, "unknown codec 5"],
])("attributes %i are refused [BAT-10]", (attributes, message) => {
  const refusal = validate(changed((view) => view.setInt16(21, attributes)));
  expect(refusal).toMatchObject({ ok: false, code: "invalid_request", message: expect.stringContaining(message) });
});

test.each<[string, EncodableRecord, string]>([
  ["a key", record("k".repeat(limits.MAX_KEY_BYTES + 1), "v"), "records[1].key"],
  ["a record", record("k", "v".repeat(limits.MAX_RECORD_BYTES)), "records[1]"],
  [
    "a header",
    { ...record("k", "v"), headers: [{ key: "h", value: "v".repeat(limits.MAX_HEADER_BYTES) }] },
    "records[1].headers[0]",
  ],
  [
    "the number of headers",
    { ...record("k", "v"), headers: Array.from({ length: 101 }, () => ({ key: "h", value: null })) },
    "records[1].headers",
  ],
])("%s over its limit is refused with its place [BAT-11]", (_, large, field) => {
  expect(validate(encodeBatch([record("a", "1"), large]))).toMatchObject({
    ok: false,
    code: "record_too_large",
    field,
  });
});

test("what just fits is accepted [BAT-11]", () => {
  const headers = Array.from({ length: 100 }, () => ({ key: "h", value: null }));
  const batch = encodeBatch([
    record("k".repeat(limits.MAX_KEY_BYTES), "v"),
    record("k", "v".repeat(limits.MAX_RECORD_BYTES - 1)),
    { ...record("k", "v"), headers },
    { ...record("k", "v"), headers: [{ key: "h", value: "v".repeat(limits.MAX_HEADER_BYTES - 1) }] },
  ]);
  expect(validate(batch)).toMatchObject({ ok: true, largestRecordBytes: limits.MAX_RECORD_BYTES });
});

test("a batch over its limits is refused [BAT-11]", () => {
  const large = encodeBatch([record("a", "x".repeat(999_000)), record("b", "x".repeat(999_000))]);
  expect(validate(large)).toMatchObject({ ok: false, code: "batch_too_large" });
  const many = encodeBatch(Array.from({ length: 10_001 }, () => record("a", "")));
  expect(validate(many)).toMatchObject({
    ok: false,
    code: "batch_too_large",
    message: "10001 records, the limit is 10000",
  });
});

test("a record without key and value, or with a header name that is no text, is refused [BAT-12]", () => {
  expect(validate(encodeBatch([record("a", null), record(null, null)]))).toMatchObject({
    ok: false,
    code: "invalid_request",
    message: "records[1]: key and value are both null",
  });
  expect(validate(withBody(0, 0, 0, 2, 97, 2, 49, 2, 2, 0xff, 1))).toMatchObject({
    ok: false,
    message: "records[0].headers[0]: its name is not UTF-8",
  });
});

test.each([
  [{ producerId: 0, producerEpoch: 0, baseSequence: 0 }, true],
  [{ producerId: Number.MAX_SAFE_INTEGER, producerEpoch: 32767, baseSequence: 2 ** 31 - 1 }, true],
  [{ producerId: -1, producerEpoch: 0, baseSequence: 0 }, true],
  [{ producerId: -2, producerEpoch: 0, baseSequence: 0 }, false],
  [{ producerId: 1, producerEpoch: -1, baseSequence: 0 }, false],
  [{ producerId: 1, producerEpoch: 0, baseSequence: -1 }, false],
])("producer fields %o are accepted: %s [BAT-13]", (fields, ok) => {
  expect(validate(encodeBatch([record("a", "1")], fields)).ok).toBe(ok);
});

test("a producer id beyond 2^53 is refused [BAT-13]", () => {
  expect(validate(changed((view) => view.setBigInt64(43, 2n ** 53n)))).toMatchObject({ code: "invalid_request" });
});

test("a codec that the host lacks, damaged data and a bomb are refused [BAT-14]", () => {
  const batch = valid();
  expect(validate(withRecordsSection(batch, "zstd", recordsSection(batch)))).toMatchObject({
    code: "invalid_request",
    message: "records cannot be unfolded with zstd: codec zstd is not available",
  });
  expect(validate(withRecordsSection(batch, "gzip", recordsSection(batch)))).toMatchObject({ code: "invalid_request" });
  const bomb = gzipSync(new Uint8Array(limits.MAX_UNFOLDED_BYTES + 1));
  expect(validate(withRecordsSection(batch, "gzip", bomb))).toMatchObject({
    code: "batch_too_large",
    message: "records unfold to more than 16777216 bytes",
  });
});

test("a port that answers too much or throws no Error is still refused [BAT-14]", () => {
  const packed = compressBatch(valid(), "gzip", (raw) => gzipSync(raw));
  const tooMuch = () => new Uint8Array(limits.MAX_UNFOLDED_BYTES + 1);
  expect(validateBatch(packed, tooMuch)).toMatchObject({ code: "batch_too_large" });
  const throwsText = () => {
    throw "no"; // oxlint-disable-line no-throw-literal
  };
  expect(validateBatch(packed, throwsText)).toMatchObject({ code: "invalid_request" });
});
