import { gunzipSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { arbitraryRecords } from "../test/arbitrary-record.ts";
import { compressBatch } from "../test/compress-batch.ts";
import { crc32c } from "./crc32c.ts";
import { decodeRecords, readHeader } from "./decode.ts";
import { encodeBatch } from "./encode.ts";
import { fingerprintOf, stampBaseOffset, stampLogAppendTime } from "./stamp.ts";

const record = (key: string, value: string | null, timestampMs = 1000) => ({ key, value, timestampMs, headers: [] });

test("a base offset leaves the CRC true [BAT-16]", () => {
  const batch = encodeBatch([record("a", "1")]);
  const { crc } = readHeader(batch);
  stampBaseOffset(batch, Number.MAX_SAFE_INTEGER - 10);
  expect(readHeader(batch)).toMatchObject({ baseOffset: Number.MAX_SAFE_INTEGER - 10, crc });
  expect(crc32c(batch, 21)).toBe(crc);
});

test("LogAppendTime changes attribute, maximum timestamp and CRC, also of a compressed batch [BAT-16]", () => {
  const plain = encodeBatch([record("a", "1", 1000), record("b", "2", 500)]);
  for (const batch of [plain, compressBatch(plain, "gzip", (raw) => gzipSync(raw))]) {
    const before = readHeader(batch);
    stampLogAppendTime(batch, 7000);
    expect(readHeader(batch)).toEqual({
      ...before,
      timestampType: "LogAppendTime",
      maxTimestamp: 7000,
      crc: crc32c(batch, 21),
    });
    const times = decodeRecords(batch, (_, data) => gunzipSync(data)).map(({ timestampMs }) => timestampMs);
    expect(times).toEqual([7000, 7000]);
  }
});

test("a fingerprint sees keys, values, headers and their order only [BAT-17]", () => {
  fc.assert(
    fc.property(arbitraryRecords, fc.array(fc.nat(1e9), { minLength: 40, maxLength: 40 }), (records, times) => {
      const one = encodeBatch(records);
      const other = encodeBatch(
        records.map((each, index) => ({ ...each, timestampMs: times[index]! })),
        { producerId: 3, producerEpoch: 2, baseSequence: 1 },
      );
      stampBaseOffset(other, 99);
      stampLogAppendTime(other, 5);
      expect(fingerprintOf(other)).toBe(fingerprintOf(one));
    }),
  );
});

test("a fingerprint tells different records apart [BAT-17]", () => {
  const variants = [
    [record("a", "1")],
    [record("a", "2")],
    [record("b", "1")],
    [record("a", null)],
    [record("a", "")],
    [record("", "a1")],
    [record("a1", "")],
    [record("a", "1"), record("b", "2")],
    [record("b", "2"), record("a", "1")],
    [{ ...record("a", "1"), headers: [{ key: "h", value: null }] }],
    [{ ...record("a", "1"), headers: [{ key: "h", value: "" }] }],
  ];
  const fingerprints = variants.map((records) => fingerprintOf(encodeBatch(records)));
  expect(new Set(fingerprints).size).toBe(variants.length);
});

test("a fingerprint sees the times that the client gave [BAT-17]", () => {
  // The second record had no time: each attempt filled in its own.
  const attempt = (nowMs: number, given = 4000) => encodeBatch([record("a", "1", given), record("b", "2", nowMs)]);
  const sees = (index: number) => index === 0;
  expect(fingerprintOf(attempt(9000), sees)).toBe(fingerprintOf(attempt(9500), sees));
  expect(fingerprintOf(attempt(9000, 4001), sees)).not.toBe(fingerprintOf(attempt(9000), sees));
});

test("a compressed section is taken as it is [BAT-17]", () => {
  const plain = encodeBatch([record("a", "1"), record("b", "2")]);
  const packed = compressBatch(plain, "gzip", (raw) => gzipSync(raw));
  const again = compressBatch(plain, "gzip", (raw) => gzipSync(raw));
  stampLogAppendTime(again, 77);
  expect(fingerprintOf(again)).toBe(fingerprintOf(packed));
});
