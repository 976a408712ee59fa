import { expect, test } from "vitest";
import { MAX_HEADER_BYTES, MAX_HEADERS_PER_RECORD, MAX_KEY_BYTES, MAX_RECORD_BYTES } from "../../schema/limits.ts";
import { StreamError } from "../stream-error.ts";
import { encodableRecord } from "./encode-record.ts";
import type { RecordToSend } from "./record-to-send.ts";

const NOW = 1_700_000_000_000;

function valueOf(record: RecordToSend): unknown {
  return encodableRecord(record, NOW).value;
}

function codeOf(record: RecordToSend): string {
  try {
    encodableRecord(record, NOW);
    return "taken";
  } catch (error) {
    return error instanceof StreamError && !error.retriable ? error.code : String(error);
  }
}

test.each<[string, RecordToSend, unknown]>([
  ["an object", { value: { n: 1, list: [null] } }, '{"n":1,"list":[null]}'],
  ["a string, with its quotes", { value: "a" }, '"a"'],
  ["a number", { value: 12.3 }, "12.3"],
  ["false", { value: false }, "false"],
  ["a date, by its toJSON", { value: new Date(0) }, '"1970-01-01T00:00:00.000Z"'],
  ["exact text", { text: "12.30" }, "12.30"],
  ["empty text", { text: "" }, ""],
  ["null", { key: "k", value: null }, null],
  ["nothing", { key: "k" }, null],
])("%s is stored as it reads [SDK-16]", (_, record, expected) => {
  expect(valueOf(record)).toBe(expected);
});

test("bytes are stored as they are [SDK-16]", () => {
  const bytes = new Uint8Array([0xff, 0]);
  expect(valueOf({ value: bytes })).toBe(bytes);
  expect(valueOf({ value: Buffer.from([1]) })).toBeInstanceOf(Uint8Array);
});

test("without a time a record has that of sending", () => {
  expect(encodableRecord({ key: "k" }, NOW).timestampMs).toBe(NOW);
  expect(encodableRecord({ key: "k", timestampMs: 0 }, NOW).timestampMs).toBe(0);
});

const cyclic: { self?: unknown } = {};
cyclic.self = cyclic;

test.each<[string, RecordToSend, string]>([
  ["nothing", {}, "invalid_request"],
  ["a tombstone without a key", { value: null }, "invalid_request"],
  ["a number as key", { key: 7 as unknown as string }, "invalid_request"],
  ["a value and a text", { value: 1, text: "1" }, "invalid_request"],
  ["a number as text", { text: 7 as unknown as string }, "invalid_request"],
  ["a number in a header", { key: "k", headers: { h: 7 as unknown as string } }, "invalid_request"],
  ["a function", { value: () => 1 }, "invalid_request"],
  ["a bigint", { value: 1n }, "invalid_request"],
  ["a cycle", { value: cyclic }, "invalid_request"],
  ["an ArrayBuffer", { value: new ArrayBuffer(1) }, "invalid_request"],
  ["other typed arrays", { value: new Float64Array(1) }, "invalid_request"],
  ["a time before 1970", { key: "k", timestampMs: -1 }, "invalid_timestamp"],
  ["a time in the year 10000", { key: "k", timestampMs: 253_402_300_800_000 }, "invalid_timestamp"],
  ["a time between milliseconds", { key: "k", timestampMs: 1.5 }, "invalid_timestamp"],
  ["a time that is none", { key: "k", timestampMs: Number.NaN }, "invalid_timestamp"],
  ["a long key", { key: "ä".repeat(MAX_KEY_BYTES / 2 + 1) }, "record_too_large"],
  ["a large value", { text: "x".repeat(MAX_RECORD_BYTES + 1) }, "record_too_large"],
  ["a large header", { key: "k", headers: { h: "x".repeat(MAX_HEADER_BYTES + 1) } }, "record_too_large"],
  ["a long name of a header", { key: "k", headers: { ["h".repeat(MAX_HEADER_BYTES + 1)]: "" } }, "record_too_large"],
])("%s is refused before it is in a batch [SDK-10]", (_, record, code) => {
  expect(codeOf(record)).toBe(code);
});

test("limits are inclusive, and count bytes [SDK-10]", () => {
  expect(codeOf({ key: "ä".repeat(MAX_KEY_BYTES / 2) })).toBe("taken");
  expect(codeOf({ text: "x".repeat(MAX_RECORD_BYTES) })).toBe("taken");
  const names = Array.from({ length: MAX_HEADERS_PER_RECORD + 1 }, (_, index) => [`h${index}`, "x"] as const);
  expect(codeOf({ key: "k", headers: Object.fromEntries(names.slice(1)) })).toBe("taken");
  expect(codeOf({ key: "k", headers: Object.fromEntries(names) })).toBe("record_too_large");
});
