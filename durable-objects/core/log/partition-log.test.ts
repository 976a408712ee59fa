import { gunzipSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MAX_PARTITION_BYTES } from "../../../schema/limits.ts";
import type { Bytes } from "../../../schema/record.ts";
import { compressBatch } from "../../../schema/test/compress-batch.ts";
import { decodeRecords, readHeader } from "../../../schema/record-batch/decode.ts";
import { encodeBatch } from "../../../schema/record-batch/encode.ts";
import { validateBatch } from "../../../schema/record-batch/validate.ts";
import { MemoryLogStore } from "./memory-log-store.ts";
import { PartitionLog, type ReadLimits } from "./partition-log.ts";

const NO_LIMIT: ReadLimits = { maxBytes: Number.POSITIVE_INFINITY, maxRecords: Number.POSITIVE_INFINITY };
const plain = (): never => expect.fail("not compressed");
const gunzip = (_codec: string, data: Uint8Array): Bytes => new Uint8Array(gunzipSync(data));

/** Records with these times; the value is as long as asked. */
function batchOf(timestamps: readonly number[], valueBytes = 1): Bytes {
  return encodeBatch(
    timestamps.map((timestampMs) => ({ key: "k", value: "v".repeat(valueBytes), timestampMs, headers: [] })),
  );
}

function logOf(batches: readonly (readonly number[])[]): PartitionLog {
  const log = new PartitionLog(new MemoryLogStore(), 0);
  for (const timestamps of batches) expect(log.append(batchOf(timestamps)).ok).toBe(true);
  return log;
}

function offsetsOf(bodies: readonly Bytes[]): number[] {
  return bodies.flatMap((body) => decodeRecords(body, plain).map((record) => record.offset));
}

describe("append", () => {
  test("gives every record the next offset [LOG-1]", () => {
    const log = new PartitionLog(new MemoryLogStore(), 0);
    expect([log.logStartOffset, log.logEndOffset]).toEqual([0, 0]);
    expect(log.append(batchOf([1, 2, 3]))).toEqual({ ok: true, baseOffset: 0, lastOffset: 2 });
    expect(log.append(batchOf([4]))).toEqual({ ok: true, baseOffset: 3, lastOffset: 3 });
    expect(log.append(batchOf([5, 6]))).toEqual({ ok: true, baseOffset: 4, lastOffset: 5 });
    expect([log.logStartOffset, log.logEndOffset]).toEqual([0, 6]);
    expect(offsetsOf(log.read(0, NO_LIMIT).bodies)).toEqual([0, 1, 2, 3, 4, 5]);
  });

  test("goes on where the log ended when it is opened again [LOG-1]", () => {
    const store = new MemoryLogStore();
    new PartitionLog(store, 0).append(batchOf([1, 2]));
    const again = new PartitionLog(store, 0);
    expect(again.append(batchOf([3]))).toEqual({ ok: true, baseOffset: 2, lastOffset: 2 });
  });

  test("stamps the base offset in place and outside the CRC [LOG-4]", () => {
    const log = logOf([[1, 2, 3]]);
    const batch = batchOf([7, 8]);
    const { crc } = readHeader(batch);
    log.append(batch);
    expect(readHeader(batch)).toMatchObject({ baseOffset: 3, lastOffset: 4, crc });
    const stored = log.read(3, NO_LIMIT).bodies[0];
    expect(stored).toEqual(batch);
    expect(validateBatch(batch, plain).ok).toBe(true);
  });

  test("keeps the largest time of all records so far [LOG-3]", () => {
    const log = new PartitionLog(new MemoryLogStore(), 0);
    expect(log.lastTimestamp).toBe(-1);
    const seen = [[5, 9, 2], [1], [10], [0, 3]].map((timestamps) => {
      log.append(batchOf(timestamps));
      return log.lastTimestamp;
    });
    expect(seen).toEqual([9, 9, 10, 10]);
  });

  test("counts the bytes of the stored batches", () => {
    const log = new PartitionLog(new MemoryLogStore(), 0);
    const batches = [batchOf([1]), batchOf([2, 3], 100)];
    for (const batch of batches) log.append(batch);
    expect(log.bytes).toBe(batches.reduce((sum, batch) => sum + batch.length, 0));
  });

  test("refuses a batch for which the partition has no room, and changes nothing [LOG-5]", () => {
    const store = new MemoryLogStore();
    const batch = batchOf([1, 2]);
    const size = MAX_PARTITION_BYTES - batch.length;
    store.insert({ baseOffset: 0, lastOffset: 0, maxTimestamp: 5, size, endBytes: size }, new Uint8Array(1));
    const log = new PartitionLog(store, 0);
    expect(log.append(batch)).toEqual({ ok: true, baseOffset: 1, lastOffset: 2 });
    expect(log.append(batchOf([3]))).toMatchObject({
      ok: false,
      code: "partition_full",
      message: `partition holds ${MAX_PARTITION_BYTES} bytes, its limit is ${MAX_PARTITION_BYTES}`,
    });
    expect([log.logEndOffset, log.bytes, store.last()?.lastOffset]).toEqual([3, MAX_PARTITION_BYTES, 2]);
    log.trim(1);
    expect(log.sweep(1)).toBe(true);
    expect(log.append(batchOf([3]))).toMatchObject({ ok: true, baseOffset: 3 });
  });

  test("finds a bug of its caller: a batch cut short, or with gaps", () => {
    const log = new PartitionLog(new MemoryLogStore(), 0);
    expect(() => log.append(batchOf([1, 2]).subarray(0, 70))).toThrow("one whole batch");
    const gaps = batchOf([1, 2]);
    new DataView(gaps.buffer).setInt32(23, 7);
    expect(() => log.append(gaps)).toThrow("dense");
    expect(log.logEndOffset).toBe(0);
  });
});

describe("checkOffset", () => {
  const log = logOf([[1, 2], [3, 4, 5], [6]]);
  log.trim(2);
  log.sweep(10);

  test("allows every offset from the start to the end, which has no record yet [LOG-6]", () => {
    for (const offset of [2, 3, 5, 6]) expect(log.checkOffset(offset)).toEqual({ ok: true });
  });

  test("refuses an offset beyond the end [LOG-6]", () => {
    expect(log.checkOffset(7)).toEqual({
      ok: false,
      code: "offset_out_of_range",
      message: "offset 7 is beyond log end 6",
      hint: "Read from 6 for new records",
      extra: { logStartOffset: 2, logEndOffset: 6 },
    });
  });

  test("refuses an offset before the start [LOG-6]", () => {
    expect(log.checkOffset(1)).toEqual({
      ok: false,
      code: "offset_out_of_range",
      message: "offset 1 is before log start 2",
      hint: "Retention or a trim removed it: read from 2, the earliest offset",
      extra: { logStartOffset: 2, logEndOffset: 6 },
    });
  });
});

describe("read", () => {
  const batches = [[1, 2], [3], [4, 5, 6], [7]];
  const sizes = batches.map((timestamps) => batchOf(timestamps).length);
  const total = (count: number): number => sizes.slice(0, count).reduce((sum, size) => sum + size, 0);
  const log = logOf(batches);

  test("gives whole batches, the first being the one that holds the offset [LOG-6]", () => {
    const slice = log.read(4, NO_LIMIT);
    expect(offsetsOf(slice.bodies)).toEqual([3, 4, 5, 6]);
    expect([slice.bytes, slice.end]).toEqual([total(4) - total(2), 7]);
  });

  test("stops before the batch that would pass maxBytes [LOG-6]", () => {
    expect(log.read(0, { ...NO_LIMIT, maxBytes: total(2) })).toMatchObject({ end: 3, bytes: total(2) });
    expect(log.read(0, { ...NO_LIMIT, maxBytes: total(2) - 1 })).toMatchObject({ end: 2, bytes: total(1) });
  });

  test("begins no batch once maxRecords are covered [LOG-6]", () => {
    expect(log.read(0, { ...NO_LIMIT, maxRecords: 2 }).end).toBe(2);
    expect(log.read(0, { ...NO_LIMIT, maxRecords: 3 }).end).toBe(3);
    expect(log.read(0, { ...NO_LIMIT, maxRecords: 4 }).end).toBe(6);
    expect(log.read(1, { ...NO_LIMIT, maxRecords: 1 }).end).toBe(2);
  });

  test("gives one batch whatever the limits [LOG-6]", () => {
    expect(log.read(4, { maxBytes: 1, maxRecords: 1 })).toMatchObject({ end: 6, bytes: sizes[2] });
    expect(log.read(4, { maxBytes: 0, maxRecords: 0 }).bodies.length).toBe(1);
  });

  test("gives nothing at the end of the log [LOG-6]", () => {
    expect(log.read(7, NO_LIMIT)).toEqual({ bodies: [], bytes: 0, end: 7 });
    expect(logOf([]).read(0, NO_LIMIT)).toEqual({ bodies: [], bytes: 0, end: 0 });
  });

  test("covers what a scan of the batches one by one covers [LOG-6]", () => {
    const limit = fc.integer({ min: 0, max: 12 });
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 12 }),
        fc.record({ from: fc.nat(48), maxRecords: limit, averages: limit, trimmed: fc.nat(12) }),
        (counts, { from, maxRecords, averages, trimmed }) => {
          const log = logOf(counts.map((count) => Array<number>(count).fill(1)));
          const maxBytes = averages * 80;
          log.trim(counts.slice(0, trimmed).reduce((sum, count) => sum + count, 0));
          log.sweep(100);
          fc.pre(from >= log.logStartOffset && from <= log.logEndOffset);
          const slice = log.read(from, { maxBytes, maxRecords });
          expect(slice).toEqual(scan(log.read(log.logStartOffset, NO_LIMIT).bodies, from, { maxBytes, maxRecords }));
        },
      ),
    );
  });
});

/** The rule of LOG-6 word for word. */
function scan(all: readonly Bytes[], from: number, limits: ReadLimits): object {
  const bodies: Bytes[] = [];
  let bytes = 0;
  let end = from;
  for (const body of all) {
    const { lastOffset } = readHeader(body);
    if (lastOffset < from) continue;
    const over = bytes + body.length > limits.maxBytes || end - from >= limits.maxRecords;
    if (bodies.length > 0 && over) break;
    bodies.push(body);
    bytes += body.length;
    end = lastOffset + 1;
  }
  return { bodies, bytes, end };
}

describe("records", () => {
  const log = logOf([[1, 2], [3], [4, 5, 6], [7]]);
  const offsets = (from: number, limits: Partial<ReadLimits>): number[] =>
    [...log.records(from, { ...NO_LIMIT, ...limits }, plain)].map((record) => record.offset);

  test("begins and ends inside a batch, at exactly the offsets asked for [LOG-6]", () => {
    expect(offsets(1, { maxRecords: 3 })).toEqual([1, 2, 3]);
    expect(offsets(4, { maxRecords: 1 })).toEqual([4]);
    expect(offsets(5, {})).toEqual([5, 6]);
    expect(offsets(7, {})).toEqual([]);
  });

  test("ends with the batch that maxBytes still allows [LOG-6]", () => {
    expect(offsets(1, { maxBytes: 1 })).toEqual([1]);
  });

  test("unfolds compressed batches", () => {
    const log = new PartitionLog(new MemoryLogStore(), 0);
    log.append(batchOf([1]));
    log.append(compressBatch(batchOf([5, 3, 9]), "gzip", gzipSync));
    const times = [...log.records(0, NO_LIMIT, gunzip)].map(({ offset, timestampMs }) => [offset, timestampMs]);
    expect(times).toEqual([
      [0, 1],
      [1, 5],
      [2, 3],
      [3, 9],
    ]);
    expect(log.offsetForTimestamp(6, gunzip)).toBe(3);
  });
});

test("a stretch of the log ends with a batch where it holds one to its end, else where it was to end [LOG-16]", () => {
  const log = logOf([[1, 2, 3], [4], [5, 6, 7, 8]]);
  const ends = (from: number): number[] =>
    Array.from({ length: 8 - from }, (_, at) => log.wholeBatches(from, from + at + 1));
  expect(ends(0)).toEqual([1, 2, 3, 4, 4, 4, 4, 8]);
  expect(ends(1)).toEqual([2, 3, 4, 4, 4, 4, 8]);
  expect(ends(4)).toEqual([5, 6, 7, 8]);
  expect(ends(6)).toEqual([7, 8]);
});
