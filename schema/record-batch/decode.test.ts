import { gunzipSync, gzipSync } from "node:zlib";
import { expect, test, vi } from "vitest";
import { compressBatch } from "../test/compress-batch.ts";
import { batchesIn, type Decompress, decodeRecords, forEachRecord, readHeader } from "./decode.ts";
import { encodeBatch } from "./encode.ts";
import { stampBaseOffset, stampLogAppendTime } from "./stamp.ts";

const gunzip: Decompress = (_, data, maxOutputLength) => gunzipSync(data, { maxOutputLength });
const record = (value: string, timestampMs = 1000) => ({
  key: null,
  value: new TextEncoder().encode(value),
  timestampMs,
  headers: [],
});
const batch = (...values: string[]) => encodeBatch(values.map((value) => record(value)));

test("batches one after another are seen one by one, as views", () => {
  const [first, second] = [batch("a"), batch("b", "c")];
  const joined = new Uint8Array([...first, ...second]);
  const seen = [...batchesIn(joined)];
  expect(seen).toEqual([first, second]);
  expect(seen[1]!.buffer).toBe(joined.buffer);
  expect(readHeader(joined, first.length)).toEqual(readHeader(second));
  expect([...batchesIn(new Uint8Array(0))]).toEqual([]);
});

test("bytes that end inside a batch are a fault", () => {
  const first = batch("a");
  for (const cut of [1, 20, 60, first.length - 1]) {
    expect(() => [...batchesIn(first.slice(0, cut))]).toThrow("the bytes end inside a batch, at 0");
  }
});

test("keys and values are views of an uncompressed batch", () => {
  const whole = batch("abc");
  expect(decodeRecords(whole, gunzip)[0]!.value!.buffer).toBe(whole.buffer);
});

test("offsets begin at the base offset", () => {
  const stamped = batch("a", "b");
  stampBaseOffset(stamped, 2 ** 40);
  expect(decodeRecords(stamped, gunzip).map(({ offset }) => offset)).toEqual([2 ** 40, 2 ** 40 + 1]);
});

test("every record of a LogAppendTime batch has its maximum timestamp [BAT-6]", () => {
  const stamped = encodeBatch([record("a", 1000), record("b", 5000)]);
  stampLogAppendTime(stamped, 9000);
  expect(decodeRecords(stamped, gunzip).map(({ timestampMs }) => timestampMs)).toEqual([9000, 9000]);
});

test("a visit ends where the visitor says", () => {
  const visit = vi.fn<(record: unknown) => void | false>();
  visit.mockReturnValueOnce(undefined).mockReturnValueOnce(false);
  forEachRecord(batch("a", "b", "c"), gunzip, visit);
  expect(visit).toHaveBeenCalledTimes(2);
});

test("compressed records are read through the port [BAT-5]", () => {
  const plain = batch("abc", "def");
  const packed = compressBatch(plain, "gzip", (raw) => gzipSync(raw));
  expect(decodeRecords(packed, gunzip)).toEqual(decodeRecords(plain, gunzip));
  const unfold = vi.fn<Decompress>(gunzip);
  forEachRecord(packed, unfold, () => false);
  expect(unfold).toHaveBeenCalledWith("gzip", packed.subarray(61), 16 * 1024 * 1024);
});

test("a stored batch that is malformed after all throws", () => {
  const broken = batch("abc");
  broken[61] = 0x7e;
  expect(() => decodeRecords(broken, gunzip)).toThrow("malformed batch: records[0]");
  broken[22] = 7;
  expect(() => readHeader(broken)).toThrow("codec 7 is not one of Kafka's");
});
