import { expect, test } from "vitest";
import { MAX_BATCH_BYTES } from "../../schema/limits.ts";
import type { ProduceInput } from "../../schema/produce-record.ts";
import { decodeRecords } from "../../schema/record-batch/decode.ts";
import { validateBatch } from "../../schema/record-batch/validate.ts";
import { decompress } from "../../durable-objects/gzip.ts";
import { encodeAppends } from "./encode.ts";

const producer = { producerId: "p", epoch: 0, sequence: 1 };

function record(value: string, timestampMs?: number): ProduceInput {
  return { key: null, value: new TextEncoder().encode(value), headers: [], timestampMs, partition: undefined };
}

function encode(records: readonly ProduceInput[], placed: readonly number[], nowMs = 1000) {
  const encoded = encodeAppends({ records, placed, nowMs, producer });
  if (!encoded.ok) throw new Error(encoded.message);
  return encoded.appends;
}

test("one valid batch for each partition, records in the order sent, missing times filled in [PRO-2, PRO-9]", () => {
  const appends = encode([record("1"), record("2", 7), record("3")], [1, 0, 1]);
  expect(new Set(appends.keys())).toEqual(new Set([0, 1]));
  const batch = appends.get(1)?.batch ?? new Uint8Array(0);
  expect(validateBatch(batch, decompress)).toMatchObject({
    ok: true,
    largestRecordBytes: appends.get(1)?.largestRecordBytes,
  });
  expect(batch.byteLength).toBe(batch.buffer.byteLength);
  const text = new TextDecoder();
  expect(
    decodeRecords(batch, decompress).map(({ value, timestampMs }) => [text.decode(value ?? undefined), timestampMs]),
  ).toEqual([
    ["1", 1000],
    ["3", 1000],
  ]);
});

test("the fingerprint sees records and given times, not times filled in [PRO-6]", () => {
  const print = (records: readonly ProduceInput[], nowMs?: number) =>
    encode(
      records,
      records.map(() => 0),
      nowMs,
    ).get(0)?.requestSequence?.fingerprint;
  const first = print([record("1"), record("2", 5)]);
  expect(print([record("1"), record("2", 5)], 2000)).toBe(first);
  expect(print([record("1"), record("2", 6)])).not.toBe(first);
  expect(print([record("1", 1000), record("2", 5)])).not.toBe(first);
  expect(print([record("2", 5), record("1")])).not.toBe(first);
  const anonymous = encodeAppends({ records: [record("1")], placed: [0], nowMs: 1000, producer: undefined });
  expect(anonymous.ok && anonymous.appends.get(0)).not.toHaveProperty("requestSequence");
});

test("more than one batch for a partition is refused, as long as others would fit [PRO-8]", () => {
  const large = "x".repeat(MAX_BATCH_BYTES / 4);
  const records = Array.from({ length: 8 }, () => record(large));
  expect(encodeAppends({ records, placed: records.map(() => 0), nowMs: 0, producer })).toMatchObject({
    ok: false,
    code: "batch_too_large",
  });
  expect(encodeAppends({ records, placed: records.map((_, index) => index % 4), nowMs: 0, producer }).ok).toBe(true);
});
