import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { compressBatch } from "../../schema/test/compress-batch.ts";
import { encodeBatch } from "../../schema/record-batch/encode.ts";
import { stampBaseOffset } from "../../schema/record-batch/stamp.ts";
import type { Bytes } from "../../schema/record.ts";
import { selectRecords } from "./select.ts";

function batch(baseOffset: number, count: number, folded = false): Bytes {
  const records = Array.from({ length: count }, () => ({ key: "k", value: "123456789", timestampMs: 0, headers: [] }));
  const plain = encodeBatch(records);
  const stored = folded ? compressBatch(plain, "gzip", (raw) => gzipSync(raw)) : plain;
  stampBaseOffset(stored, baseOffset);
  return stored;
}

/** Offsets 10 … 12, 13 … 16, and after a gap 20 and 21. */
const batches = new Uint8Array([...batch(10, 3), ...batch(13, 4, true), ...batch(20, 2)]);

function select(startOffset: number, limits: { maxRecords?: number; maxBytes?: number } = {}) {
  const answer = { batches, startOffset, logStartOffset: 0, logEndOffset: 22 };
  const { records, nextOffset } = selectRecords(answer, { maxRecords: 100, maxBytes: 1e6, ...limits });
  return { offsets: records.map(({ offset }) => offset), nextOffset };
}

test("it begins and ends inside batches, plain or folded [REA-1]", () => {
  expect(select(10)).toEqual({ offsets: [10, 11, 12, 13, 14, 15, 16, 20, 21], nextOffset: 22 });
  expect(select(12, { maxRecords: 3 })).toEqual({ offsets: [12, 13, 14], nextOffset: 15 });
  expect(select(15, { maxRecords: 2 })).toEqual({ offsets: [15, 16], nextOffset: 17 });
  expect(select(17, { maxRecords: 1 })).toEqual({ offsets: [20], nextOffset: 21 });
});

test("maxBytes cuts between records and always leaves one [REA-1]", () => {
  expect(select(10, { maxBytes: 1 })).toEqual({ offsets: [10], nextOffset: 11 });
  expect(select(10, { maxBytes: 20 })).toEqual({ offsets: [10, 11], nextOffset: 12 });
  expect(select(10, { maxBytes: 29 })).toEqual({ offsets: [10, 11], nextOffset: 12 });
});

test("nothing to read stays where it is [REA-1]", () => {
  const empty = { batches: new Uint8Array(0), startOffset: 7, logStartOffset: 0, logEndOffset: 7 };
  expect(selectRecords(empty, { maxRecords: 1, maxBytes: 1 })).toEqual({ records: [], nextOffset: 7 });
});
