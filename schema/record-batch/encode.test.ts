import fc from "fast-check";
import { expect, test } from "vitest";
import { arbitraryRecord, arbitraryRecords, arbitraryTimestamp } from "../test/arbitrary-record.ts";
import { crc32c } from "./crc32c.ts";
import { type Decompress, decodeRecords, readHeader } from "./decode.ts";
import { BatchBuilder, encodeBatch, encodedSize } from "./encode.ts";

const decompress: Decompress = () => {
  throw new Error("the batch is not compressed");
};
const bytes = (text: string) => new TextEncoder().encode(text);
const record = (value: string, timestampMs = 1_700_000_000_000) => ({
  key: null,
  value: bytes(value),
  timestampMs,
  headers: [],
});

test("a header is what a Kafka producer writes [BAT-2]", () => {
  const batch = encodeBatch([record("a", 1000), record("b", 3000), record("c", 200)]);
  expect(readHeader(batch)).toEqual({
    baseOffset: 0,
    batchLength: batch.length - 12,
    sizeBytes: batch.length,
    lastOffset: 2,
    lastOffsetDelta: 2,
    magic: 2,
    crc: crc32c(batch, 21),
    codec: "none",
    timestampType: "CreateTime",
    transactional: false,
    control: false,
    baseTimestamp: 1000,
    maxTimestamp: 3000,
    producerId: -1,
    producerEpoch: -1,
    baseSequence: -1,
    recordCount: 3,
  });
  expect(new DataView(batch.buffer).getInt32(12)).toBe(-1);
});

test("producer fields are written as given [BAT-2]", () => {
  const batch = encodeBatch([record("a")], { producerId: 2 ** 52 + 1, producerEpoch: 7, baseSequence: 2_147_483_647 });
  expect(readHeader(batch)).toMatchObject({ producerId: 2 ** 52 + 1, producerEpoch: 7, baseSequence: 2_147_483_647 });
});

test("records come back as they were: null is not empty, headers keep order and repetition [BAT-3]", () => {
  fc.assert(
    fc.property(arbitraryRecords, (records) => {
      const decoded = decodeRecords(encodeBatch(records), decompress);
      expect(decoded).toEqual(records.map((each, offset) => ({ ...each, offset })));
    }),
  );
});

test("a builder counts, and is empty after each batch", () => {
  const builder = new BatchBuilder();
  expect([builder.count, builder.bytes, builder.largestRecordBytes]).toEqual([0, 61, 0]);
  expect(() => builder.take()).toThrow("a batch has at least one record");
  builder.add(record("one"));
  builder.add({ key: "ключ", value: "two", timestampMs: 1, headers: [{ key: "h", value: "" }] });
  builder.add(record("three"));
  expect(builder.count).toBe(3);
  // 8 bytes of key, 3 of value, 1 of header [BAT-11].
  expect(builder.largestRecordBytes).toBe(12);
  const size = builder.bytes;
  expect(builder.take().length).toBe(size);
  builder.add(record("four"));
  expect(builder.take()).toEqual(encodeBatch([record("four")]));
});

test("a batch has a buffer of its own", () => {
  const batch = encodeBatch([record("a")]);
  expect(batch.buffer.byteLength).toBe(batch.length);
});

test("encodedSize bounds what a record adds", () => {
  fc.assert(
    fc.property(arbitraryRecord, arbitraryTimestamp, (each, timestampMs) => {
      const builder = new BatchBuilder();
      builder.add(record("", timestampMs));
      const before = builder.bytes;
      builder.add(each);
      const added = builder.bytes - before;
      expect(added).toBeLessThanOrEqual(encodedSize(each));
    }),
  );
});
