import fc from "fast-check";
import { expect, test } from "vitest";
import { gzipSync, gunzipSync } from "node:zlib";
import { TARGET_BATCH_BYTES } from "../limits.ts";
import type { Bytes } from "../record.ts";
import { arbitraryRecords } from "../test/arbitrary-record.ts";
import { compressBatch } from "../test/compress-batch.ts";
import { BatchCopy, withoutProducer } from "./copy.ts";
import { type Decompress, decodeRecords } from "./decode.ts";
import { BatchBuilder, encodeBatch } from "./encode.ts";
import { stampBaseOffset, stampLogAppendTime } from "./stamp.ts";

const gunzip: Decompress = (_, data) => new Uint8Array(gunzipSync(data));
const producer = { producerId: 2 ** 40, producerEpoch: 3, baseSequence: 77 };
const record = (value: string) => ({ key: null, value, timestampMs: 5, headers: [] });

function copyOf(batch: Bytes, count = Infinity): BatchCopy {
  const copy = new BatchCopy();
  for (const each of decodeRecords(batch, gunzip).slice(0, count)) expect(copy.take(each)).toBe(true);
  return copy;
}

test("a batch without its producer is what an encoder makes of its records, to the byte [BAT-18]", () => {
  fc.assert(
    fc.property(arbitraryRecords, fc.nat(2 ** 40), (records, offset) => {
      const batch = encodeBatch(records, producer);
      stampBaseOffset(batch, offset);
      const before = batch.slice();
      expect(withoutProducer(batch)).toEqual(encodeBatch(records));
      expect(batch).toEqual(before);
    }),
  );
});

test("a batch that begins with copied records is what an encoder makes of all of them, to the byte [BAT-18]", () => {
  fc.assert(
    fc.property(arbitraryRecords, fc.nat(), arbitraryRecords, (records, some, further) => {
      const batch = encodeBatch(records, producer);
      stampBaseOffset(batch, 2 ** 40 + some);
      const count = 1 + (some % records.length);
      const copy = copyOf(batch, count);
      expect([copy.count, copy.whole]).toEqual([count, count === records.length]);
      const builder = new BatchBuilder();
      builder.begin(copy);
      for (const each of further) builder.add(each);
      expect(builder.take()).toEqual(encodeBatch([...records.slice(0, count), ...further]));
    }),
  );
});

test("what is not the next record of the batch is not copied [BAT-18]", () => {
  const batch = encodeBatch(["a", "b", "c"].map(record));
  const [first, second, third] = decodeRecords(batch, gunzip);
  const [other] = decodeRecords(batch, gunzip);
  const copy = new BatchCopy();
  expect(copy.take(second!)).toBe(false);
  expect(copy.take(record("a"))).toBe(false);
  expect(copy.take({ ...first! })).toBe(false);
  expect(copy.take(first!)).toBe(true);
  for (const wrong of [first!, third!, other!, record("b")]) expect(copy.take(wrong)).toBe(false);
  expect(copy.take(second!)).toBe(true);
  expect([copy.count, copy.whole]).toEqual([2, false]);
  copy.clear();
  expect([copy.count, copy.whole, copy.take(other!)]).toEqual([0, false, true]);
});

test("records are not copied where they lie in another form than they have, or in too large a batch [BAT-18]", () => {
  const plain = encodeBatch(["a", "b"].map(record));
  const stamped = plain.slice();
  stampLogAppendTime(stamped, 9);
  const large = encodeBatch(["x".repeat(TARGET_BATCH_BYTES / 2), "y".repeat(TARGET_BATCH_BYTES / 2)].map(record));
  for (const batch of [compressBatch(plain, "gzip", (raw) => gzipSync(raw)), stamped, large]) {
    expect(new BatchCopy().take(decodeRecords(batch, gunzip)[0]!)).toBe(false);
  }
  const builder = new BatchBuilder();
  builder.add(record("a"));
  expect(() => builder.begin(copyOf(plain))).toThrow("the batch has records");
  expect(() => new BatchCopy().batch).toThrow("no record is copied");
});
