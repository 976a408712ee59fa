import { expect, test } from "vitest";
import { MIN_COPIED_BATCH_BYTES, TARGET_BATCH_BYTES } from "../../../schema/limits.ts";
import type { ConsumerRecord } from "../../../schema/record.ts";
import { encodeBatch, type EncodableRecord } from "../../../schema/record-batch/encode.ts";
import { stampBaseOffset } from "../../../schema/record-batch/stamp.ts";
import { recordsOf } from "../../test/batch-body.ts";
import type { OutboxRow } from "../task/task-port.ts";
import { RecordTarget } from "./record-target.ts";

const SIZE = MIN_COPIED_BATCH_BYTES / 4;

/** A batch of the log, its records as large as a quarter of one that stays a batch of its own, unless told. */
function logged(baseOffset: number, count: number, size = SIZE): ConsumerRecord[] {
  const records = Array.from({ length: count }, (_, at) => ({
    key: null,
    value: `${baseOffset + at} `.repeat(size).slice(0, size),
    timestampMs: baseOffset,
    headers: [],
  }));
  const batch = encodeBatch(records, { producerId: 8, producerEpoch: 0, baseSequence: 4 });
  stampBaseOffset(batch, baseOffset);
  return recordsOf(batch);
}

function rowsOf(records: readonly EncodableRecord[]): OutboxRow[] {
  const target = new RecordTarget("topic:t/0");
  for (const record of records) target.add(record);
  return target.rows();
}

const shape = (rows: readonly OutboxRow[]): unknown[] => rows.map(({ records, copyOf }) => [records, copyOf]);

/** Every record once, in order, as an encoder writes them. */
function expectSame(rows: readonly OutboxRow[], records: readonly ConsumerRecord[]): void {
  let at = 0;
  for (const { records: count, body } of rows) {
    expect(body).toEqual(encodeBatch(records.slice(at, (at += count))));
    expect(body.length).toBeLessThanOrEqual(TARGET_BATCH_BYTES);
  }
  expect(at).toBe(records.length);
}

test("a large batch that goes on whole is a row of its own that says which batch it is [SNK-25]", () => {
  const records = [...logged(10, 5), ...logged(15, 6), ...logged(21, 4)];
  const rows = rowsOf(records);
  expect(shape(rows)).toEqual([
    [5, 10],
    [6, 15],
    [4, 21],
  ]);
  expectSame(rows, records);
});

test("small batches are joined, and the last alone is as it was [SNK-25]", () => {
  const records = [...logged(0, 2), ...logged(2, 2), ...logged(4, 1)];
  const rows = rowsOf(records);
  expect(shape(rows)).toEqual([[5, undefined]]);
  expectSame(rows, records);
  expect(shape(rowsOf(logged(7, 1, 10)))).toEqual([[1, 7]]);
  expect(rowsOf([])).toEqual([]);
});

test("what lacks a record, or begins or ends inside a batch, is none of the log's [SNK-25]", () => {
  const batch = logged(10, 6);
  const next = logged(16, 5);
  const given: readonly (readonly [records: readonly ConsumerRecord[], shape: unknown])[] = [
    [batch.slice(1), [[5, undefined]]],
    [batch.toSpliced(3, 1), [[5, undefined]]],
    [batch.slice(0, 5), [[5, undefined]]],
    [batch.toSpliced(2, 0, ...logged(99, 1)), [[7, undefined]]],
    [[...batch.slice(3), ...next], [[8, undefined]]],
    [
      [...batch, ...next.slice(0, 2)],
      [
        [6, 10],
        [2, undefined],
      ],
    ],
  ];
  for (const [records, wanted] of given) {
    const rows = rowsOf(records);
    expect(shape(rows)).toEqual(wanted);
    expectSame(rows, records);
  }
});

test("a batch above TARGET_BATCH_BYTES is cut [SNK-3, SNK-25]", () => {
  const records = logged(0, 12, TARGET_BATCH_BYTES / 8);
  const rows = rowsOf(records);
  expect(shape(rows)).toEqual([
    [7, undefined],
    [5, undefined],
  ]);
  expectSame(rows, records);
});
