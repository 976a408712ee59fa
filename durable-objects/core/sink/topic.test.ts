import { expect, test } from "vitest";
import { MAX_BATCH_BYTES, TARGET_BATCH_BYTES } from "../../../schema/limits.ts";
import { partitionForKey } from "../../../schema/murmur2.ts";
import type { PlanNode } from "../../../schema/plan.ts";
import type { Bytes, ConsumerRecord } from "../../../schema/record.ts";
import { readHeader } from "../../../schema/record-batch/decode.ts";
import { encodeBatch } from "../../../schema/record-batch/encode.ts";
import { stampBaseOffset } from "../../../schema/record-batch/stamp.ts";
import { logOf, planOf, runTask } from "../../test/task-harness.ts";
import { recordsOf } from "../../test/batch-body.ts";
import { MemoryStateStore } from "../store/memory-state-store.ts";
import type { OutboxRow } from "../task/task-port.ts";
import { Task } from "../task/task.ts";
import { soleTask } from "../../test/sole-task.ts";

const source: PlanNode = { kind: "source", name: "source", inputs: [], topic: "in", format: "json" };
const sink = (input: string): PlanNode => ({
  kind: "sink",
  name: "out",
  inputs: [input],
  sink: { kind: "topic", topic: "out", format: "json" },
});
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

function readable(value: Bytes | null): string | null {
  return value && new TextDecoder().decode(value);
}

function rowsOf(nodes: readonly PlanNode[], log: readonly ConsumerRecord[], partitions = 1): readonly OutboxRow[] {
  const outputs = { out: { partitions }, dead: { partitions } };
  const task = new Task(soleTask(planOf(nodes)), {
    store: new MemoryStateStore(),
    topic: "in",
    partition: 3,
    outputs,
    cacheBytes: 1_000,
  });
  task.restore(undefined);
  return task.run(log, { nowMs: 0 }).rows;
}

test("records are placed by murmur2 of their key, key-less ones by where they came from [SNK-1]", () => {
  const keys = ["", "a", "b", "sensor-17", "é", "x".repeat(100)];
  const rows = rowsOf([source, sink("source")], logOf([...keys, null].map((key) => ({ key, value: 1 }))), 7);
  for (const { target, body } of rows) {
    for (const { key } of recordsOf(body)) {
      const partition = partitionForKey(key ?? utf8(`in/3/${keys.length}`), 7);
      expect(target).toBe(`topic:out/${partition}`);
    }
  }
  expect(rows.reduce((sum, row) => sum + row.records, 0)).toBe(7);
});

test("a key with both bounds of its window is its text, 8 bytes of end and 8 of start, placed by the text [SNK-9]", () => {
  const nodes: PlanNode[] = [
    source,
    {
      kind: "aggregate",
      name: "count",
      inputs: ["source"],
      store: { name: "s" },
      windows: { kind: "cumulative", sizeMs: 1_000, stepMs: 1_000, graceMs: 0 },
      aggregator: (_, value) => value,
    },
    sink("count"),
  ];
  const [row] = rowsOf(nodes, logOf([{ key: "abc", value: 1, timestampMs: 253_402_300_000_500 }]), 7);
  const key = recordsOf(row!.body)[0]?.key ?? new Uint8Array();
  const view = new DataView(key.buffer, key.byteOffset + 3, 16);
  expect(new TextDecoder().decode(key.subarray(0, 3))).toBe("abc");
  expect([view.getBigInt64(0), view.getBigInt64(8)]).toEqual([253_402_300_001_000n, 253_402_300_000_000n]);
  expect(row?.target).toBe(`topic:out/${partitionForKey(utf8("abc"), 7)}`);
});

test("a windowed key is its text and 8 bytes of start, placed by the text [SNK-2]", () => {
  const start = 253_402_300_000_000;
  const nodes: PlanNode[] = [
    source,
    {
      kind: "map",
      name: "map",
      inputs: ["source"],
      mapper: (value) => ({ key: { key: "abc", start: value as number, end: start + 1 }, value: null }),
    },
    sink("map"),
  ];
  for (const value of [start, 0, -1, -(2 ** 40)]) {
    const [row] = rowsOf(nodes, logOf([{ value }]), 7);
    const key = recordsOf(row!.body)[0]!.key!;
    expect([...key.subarray(0, 3)]).toEqual([...utf8("abc")]);
    expect(new DataView(key.buffer, key.byteOffset + 3).getBigInt64(0)).toBe(BigInt(value));
    expect(row?.target).toBe(`topic:out/${partitionForKey(utf8("abc"), 7)}`);
  }
});

test("a slice's records for one partition are cut into batches below the target size [SNK-3]", () => {
  const given = Array.from({ length: 30 }, (_, n) => ({
    key: "k",
    value: `${n}`.padEnd(n === 7 ? 980_000 : 90_000, "x"),
    timestampMs: n,
  }));
  const rows = rowsOf([source, sink("source")], logOf(given));
  expect(rows.length).toBeGreaterThan(3);
  for (const { body, records } of rows) {
    expect(body.length).toBeLessThanOrEqual(TARGET_BATCH_BYTES);
    expect(body.length).toBeLessThan(MAX_BATCH_BYTES);
    expect(readHeader(body)).toMatchObject({
      recordCount: records,
      producerId: -1,
      producerEpoch: -1,
      baseSequence: -1,
      codec: "none",
    });
  }
  expect(rows.flatMap((row) => recordsOf(row.body)).map((record) => record.timestampMs)).toEqual(
    given.map((record) => record.timestampMs),
  );
});

/** Two batches of a log, at offsets 40 and 42. */
function stored(): ConsumerRecord[] {
  return [40, 42].flatMap((offset) => {
    const records = ["a", "b"].map((key) => ({ key, value: `{"n": ${offset}.0}`, timestampMs: offset, headers: [] }));
    const batch = encodeBatch(records, { producerId: 8, producerEpoch: 0, baseSequence: 4 });
    stampBaseOffset(batch, offset);
    return recordsOf(batch);
  });
}

test("records of a log go on as the same bytes only where nothing of them has changed [SNK-25]", () => {
  const node = { name: "node", inputs: ["source"] } as const;
  const nodes: Readonly<Record<string, PlanNode>> = {
    peek: { ...node, kind: "peek", action: () => undefined },
    filter: { ...node, kind: "filter", predicate: () => true },
    mapValues: { ...node, kind: "mapValues", mapper: (value) => value },
    selectKey: { ...node, kind: "selectKey", selector: () => "c" },
    map: { ...node, kind: "map", mapper: (value, key) => ({ key, value }) },
  };
  const copied = (plan: readonly PlanNode[], log: readonly ConsumerRecord[]): unknown[] =>
    rowsOf(plan, log).map(({ copyOf, body }) => [copyOf, recordsOf(body).map(({ value }) => readable(value))]);
  const [first, second] = [stored().slice(0, 2), stored().slice(2)];
  const asCame = ['{"n": 42.0}', '{"n": 42.0}'];
  expect(copied([source, sink("source")], first)).toEqual([[40, ['{"n": 40.0}', '{"n": 40.0}']]]);
  for (const kind of ["peek", "filter"])
    expect(copied([source, nodes[kind]!, sink("node")], second)).toEqual([[42, asCame]]);
  for (const kind of ["mapValues", "map"])
    expect(copied([source, nodes[kind]!, sink("node")], second)).toEqual([[undefined, ['{"n":42}', '{"n":42}']]]);
  expect(copied([source, nodes["selectKey"]!, sink("node")], second)).toEqual([[undefined, asCame]]);
});

test("a batch of which a record is a dead letter goes on without it [SNK-25]", () => {
  const records = ['{"n": 1}', "{", '{"n": 3}'].map((value) => ({ key: "a", value, timestampMs: 1, headers: [] }));
  const rows = rowsOf([source, sink("source")], recordsOf(encodeBatch(records)));
  expect(rows.map(({ target, records: count, copyOf }) => [target, count, copyOf])).toEqual([
    ["topic:out/0", 2, undefined],
    ["topic:dead/0", 1, undefined],
  ]);
  expect(recordsOf(rows[0]!.body).map(({ value }) => readable(value))).toEqual(['{"n": 1}', '{"n": 3}']);
});

test("a record above the limits is a dead letter [SNK-4]", () => {
  const grow: PlanNode = {
    kind: "mapValues",
    name: "grow",
    inputs: ["source"],
    mapper: (value) => "é".repeat(value as number),
  };
  const { sent } = runTask(planOf([source, grow, sink("grow")]), logOf([{ value: 499_999 }, { value: 500_000 }]));
  expect(sent["topic:out/0"]).toHaveLength(1);
  expect(sent["topic:dead/0"]?.[0]?.headers).toMatchObject({
    "millrace.error": "the record is 1000002 bytes, the limit is 1000000",
    "millrace.node": "out",
  });
});

test("what JSON cannot hold is a dead letter [SNK-4]", () => {
  const half: PlanNode = { kind: "mapValues", name: "half", inputs: ["source"], mapper: () => ({ ratio: Infinity }) };
  const { sent } = runTask(planOf([source, half, sink("half")]), logOf([{ value: 1 }]));
  expect(sent["topic:dead/0"]?.[0]?.headers["millrace.error"]).toBe("value.ratio is Infinity, which JSON cannot hold");
});
