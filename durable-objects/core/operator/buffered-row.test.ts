import fc from "fast-check";
import { expect, test } from "vitest";
import { MAX_BATCH_BYTES } from "../../../schema/limits.ts";
import { bufferKey, type BufferedRow, readBufferKey, readRow, rowBytes, rowText } from "./buffered-row.ts";
import { SpanKey } from "./span-key.ts";

const json = fc.option(fc.json(), { nil: undefined });
const header = fc.record({
  key: fc.string(),
  value: fc.option(fc.uint8Array({ maxLength: 8 }).map((bytes) => new Uint8Array(bytes))),
});
const row: fc.Arbitrary<BufferedRow> = fc.record({
  text: json,
  before: json,
  timestampMs: fc.nat(),
  offset: fc.nat(),
  headers: fc.array(header, { maxLength: 2 }),
});
const text = fc.string({ unit: "grapheme-composite" });

test("a row that waits comes back as it was [SUP-5]", () => {
  fc.assert(
    fc.property(row, (each) => {
      expect(readRow(rowText(each))).toEqual(each);
    }),
  );
});

test("so does a key, with its window, in the order of keys [SUP-5]", () => {
  const key = fc.oneof(
    text,
    fc.record({ key: text, start: fc.integer(), end: fc.integer() }),
    fc.tuple(text, fc.integer(), fc.integer()).map(([of, start, end]) => new SpanKey(of, start, end)),
  );
  fc.assert(
    fc.property(key, (each) => {
      expect(readBufferKey(bufferKey(each))).toEqual(each);
    }),
  );
  expect(["b", "a", "ab"].toSorted()).toEqual(["b", "a", "ab"].map(bufferKey).toSorted().map(readBufferKey));
});

test("a row above what a store can hold is an error that says so [SUP-5]", () => {
  const half = JSON.stringify("é".repeat(MAX_BATCH_BYTES / 4));
  const large = { text: half, before: half, timestampMs: 0, offset: 0, headers: [] };
  expect(() => rowText(large)).toThrow(`the limit is ${MAX_BATCH_BYTES}`);
  expect(rowText({ ...large, before: undefined })).toContain(half);
  expect(rowBytes("é", "é")).toBe(104);
});
