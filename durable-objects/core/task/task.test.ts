import { expect, test } from "vitest";
import type { PlanNode } from "../../../schema/plan.ts";
import { logOf, planOf, received, runTask, stateOf } from "../../test/task-harness.ts";
import { MemoryStateStore } from "../store/memory-state-store.ts";
import { Task } from "./task.ts";
import { soleTask } from "../../test/sole-task.ts";

const source: PlanNode = { kind: "source", name: "source", inputs: [], topic: "in", format: "json" };
const count: PlanNode = {
  kind: "aggregate",
  name: "count",
  inputs: ["source"],
  store: { name: "count" },
  initializer: () => 0,
  aggregator: (n) => (n as number) + 1,
};
const sink = (input: string): PlanNode => ({
  kind: "sink",
  name: "out",
  inputs: [input],
  sink: { kind: "topic", topic: "out", format: "json" },
});
const thrower = (input: string, thrown: (value: unknown) => unknown): PlanNode => ({
  kind: "mapValues",
  name: "check",
  inputs: [input],
  mapper: (value) => {
    const error = thrown(value);
    if (error !== undefined) throw error;
    return value;
  },
});
const outputs = { out: { partitions: 1 }, dead: { partitions: 1 } };

test("a dead letter is the record as it came, with headers that say what happened where [TSK-4]", () => {
  const plan = planOf([
    source,
    count,
    thrower("count", (n) => (n === 2 ? new RangeError("two is too many") : undefined)),
    sink("check"),
  ]);
  const header = { key: "h", value: new TextEncoder().encode("x") };
  const log = logOf([
    { key: "a", value: 1 },
    { key: "a", text: " 12.30", timestampMs: 7, headers: [header] },
    { key: "b", value: 1 },
  ]);
  const { sent, counters, state } = runTask(plan, log);
  const [letter] = sent["topic:dead/0"] ?? [];
  expect(letter).toMatchObject({ key: "a", value: " 12.30", timestampMs: 7 });
  expect(letter?.headers).toMatchObject({
    h: "x",
    "millrace.error": "two is too many",
    "millrace.pipeline": "test",
    "millrace.version": "1",
    "millrace.task": "in/0",
    "millrace.offset": "1",
    "millrace.node": "check",
  });
  expect(letter?.headers["millrace.stack"]).toMatch(/^RangeError: two is too many\n    at /);
  expect(letter?.headers["millrace.stack"]).not.toMatch(/RunningTask|Units/);
  expect(counters).toEqual({ recordsIn: 3, recordsOut: 2, deadLetters: 1, lateRecords: 0, droppedRecords: 0 });
  expect(state).toEqual([
    [
      "count",
      [
        { key: "a", value: "1", timestampMs: 0 },
        { key: "b", value: "1", timestampMs: 0 },
      ],
    ],
  ]);
});

test("anything may be thrown, of any size [TSK-4]", () => {
  const hostile = new Error("x");
  Object.defineProperty(hostile, "message", {
    get: () => {
      throw new Error("no");
    },
  });
  const cases: [unknown, RegExp][] = [
    ["text", /^text$/],
    [null, /^null$/],
    [
      {
        toString: () => {
          throw new Error("no");
        },
      },
      /^an error that cannot be described$/,
    ],
    [hostile, /^an error that cannot be described$/],
    [new Error("x".repeat(5_000)), /^x{1000}…$/],
    [new TypeError(""), /^TypeError$/],
  ];
  for (const [thrown, message] of cases) {
    const { sent } = runTask(planOf([source, thrower("source", () => thrown)]), logOf([{ value: 1 }]));
    expect(sent["topic:dead/0"]?.[0]?.headers["millrace.error"]).toMatch(message);
  }
});

class FailingStore extends MemoryStateStore {
  failing: "get" | "put" | undefined;

  override get(...args: Parameters<MemoryStateStore["get"]>): ReturnType<MemoryStateStore["get"]> {
    if (this.failing === "get") throw new Error("disk");
    return super.get(...args);
  }

  override put(...args: Parameters<MemoryStateStore["put"]>): void {
    if (this.failing === "put") throw new Error("disk");
    super.put(...args);
  }
}

test.each(["get", "put"] as const)(
  "an error of the store in %s is thrown, and the task must be restored [TSK-5]",
  (failing) => {
    const store = new FailingStore();
    const plan = planOf([source, count, sink("count")]);
    const task = new Task(soleTask(plan), { store, topic: "in", partition: 0, outputs, cacheBytes: 0 });
    task.restore(undefined);
    const log = logOf([
      { key: "a", value: 1 },
      { key: "b", value: 1 },
    ]);
    const { progress } = task.run(log.slice(0, 1), { nowMs: 0 });
    store.failing = failing;
    expect(() => store.transaction(() => task.run(log.slice(1), { nowMs: 0 }))).toThrow("disk");
    expect(() => task.run([], { nowMs: 0 })).toThrow(/restored/);
    store.failing = undefined;
    task.restore(progress);
    const { rows } = task.run(log.slice(1), { nowMs: 0 });
    expect(received(rows).sent["topic:out/0"]).toMatchObject([{ key: "b", value: "1" }]);
    expect(task.counters.recordsIn).toBe(2);
    expect(stateOf(plan, store)).toMatchObject([["count", [{ key: "a" }, { key: "b" }]]]);
  },
);

test("at the end of a micro-batch each update stands alone: one that throws is a dead letter, the state stays [TSK-6]", () => {
  const windows = { kind: "time" as const, sizeMs: 10, advanceMs: 10, graceMs: 0 };
  const nodes = [
    source,
    { ...count, windows } as PlanNode,
    thrower("count", (n) => (n === 2 ? new Error("two") : undefined)),
    sink("check"),
  ];
  const log = logOf([
    { key: "b", value: 1 },
    { key: "a", value: 1 },
    { key: "a", value: 1, timestampMs: 5 },
    { key: "c", value: 1 },
  ]);
  const { sent, state, counters } = runTask(planOf(nodes), log, { microBatches: true });
  expect(sent["topic:out/0"]?.map(({ key }) => key?.[0])).toEqual(["b", "c"]);
  expect(sent["topic:dead/0"]).toMatchObject([
    {
      key: `a${"\0".repeat(8)}`,
      value: "2",
      timestampMs: 5,
      headers: { "millrace.error": "two", "millrace.offset": "2", "millrace.node": "check" },
    },
  ]);
  expect(state).toMatchObject([["count", [{ key: "a", value: "2" }, { key: "b" }, { key: "c" }]]]);
  expect(counters).toMatchObject({ recordsOut: 2, deadLetters: 1 });
});

test("an aggregate of updates sends its own at the end of the same micro-batch [AGG-7]", () => {
  const total: PlanNode = {
    kind: "aggregate",
    name: "total",
    inputs: ["count"],
    store: { name: "total" },
    initializer: () => 0,
    aggregator: (sum, n) => (sum as number) + (n as number),
  };
  const log = logOf([1, 1, 1].map((value) => ({ key: "a", value })));
  const { sent } = runTask(planOf([source, count, total, sink("total")]), log, { microBatches: true });
  expect(sent["topic:out/0"]).toMatchObject([{ key: "a", value: "3" }]);
});

test("terminated records are not run: each is a dead letter, and no clock moves [TSK-7]", () => {
  const log = logOf([{ key: "a", value: 1, timestampMs: 9 }]);
  const { sent, counters, state } = runTask(planOf([source, count, sink("count")]), log, {
    terminated: "the task was terminated",
  });
  expect(sent["topic:dead/0"]).toMatchObject([
    { key: "a", value: "1", headers: { "millrace.error": "the task was terminated", "millrace.node": "" } },
  ]);
  expect(counters).toMatchObject({ recordsIn: 1, deadLetters: 1 });
  expect(state).toEqual([["count", []]]);
});

test("progress carries stream time, clocks and counters over a restore [TSK-2]", () => {
  const windows = { kind: "time" as const, sizeMs: 10, advanceMs: 10, graceMs: 0 };
  const plan = planOf([source, { ...count, windows } as PlanNode]);
  const store = new MemoryStateStore();
  const task = new Task(soleTask(plan), { store, topic: "in", partition: 0, outputs, cacheBytes: 0 });
  task.restore(undefined);
  expect(task.streamTimeMs).toBe(-1);
  const result = task.run(logOf([{ key: "a", value: 1, timestampMs: 50 }]), { nowMs: 0 });
  expect(result).toMatchObject({ recordsIn: 1, recordsOut: 0, stateRowsWritten: 1 });
  const again = new Task(soleTask(plan), { store, topic: "in", partition: 0, outputs, cacheBytes: 0 });
  again.restore(result.progress);
  expect(again.streamTimeMs).toBe(50);
  again.run(logOf([{ key: "a", value: 1, timestampMs: 3 }]), { nowMs: 0 });
  expect(again.counters).toMatchObject({ recordsIn: 2, lateRecords: 1 });
});

test("the layout tells names, kinds and window sizes of the stores, whatever their order [TSK-8]", () => {
  const windows = { kind: "time" as const, sizeMs: 10, advanceMs: 5, graceMs: 1 };
  const window = { ...count, name: "w", store: { name: "B" }, windows } as PlanNode;
  const layout = (nodes: readonly PlanNode[]): string =>
    new Task(soleTask(planOf(nodes)), {
      store: new MemoryStateStore(),
      topic: "in",
      partition: 0,
      outputs,
      cacheBytes: 0,
    }).layout;
  expect(layout([source, count, window])).toBe('[["B","window",10,5],["count","keyValue"]]');
  expect(layout([source, window, count, sink("count")])).toBe(layout([source, count, window]));
});

test("a slice without records commits nothing but its progress [TSK-2]", () => {
  const task = new Task(soleTask(planOf([source, count])), {
    store: new MemoryStateStore(),
    topic: "in",
    partition: 0,
    outputs,
    cacheBytes: 0,
  });
  task.restore(undefined);
  expect(task.run([], { nowMs: 0 })).toMatchObject({ rows: [], recordsIn: 0, recordsOut: 0, stateRowsWritten: 0 });
});
