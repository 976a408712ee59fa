import { expect, test } from "vitest";
import type { AggregateNode, PlanNode } from "../../../schema/plan.ts";
import { logOf, planOf, runTask, type Given, type Outcome, type Running } from "../../test/task-harness.ts";

type Functions = Pick<AggregateNode, "aggregator"> & Partial<Pick<AggregateNode, "initializer">>;

function aggregate(functions: Functions, given: readonly Given[], running: Running = {}): Outcome & { out: unknown[] } {
  const nodes: PlanNode[] = [
    { kind: "source", name: "source", inputs: [], topic: "in", format: "json" },
    { kind: "aggregate", name: "aggregate", inputs: ["source"], store: { name: "s" }, ...functions },
    { kind: "sink", name: "out", inputs: ["aggregate"], sink: { kind: "topic", topic: "out", format: "json" } },
  ];
  const outcome = runTask(planOf(nodes), logOf(given), running);
  return {
    ...outcome,
    out: (outcome.sent["topic:out/0"] ?? []).map(({ key, value, timestampMs }) => [key, value, timestampMs]),
  };
}

const sum: Functions = { initializer: () => 0, aggregator: (total, value) => (total as number) + (value as number) };

test("each record is folded into its key and the result sent, with the largest time folded in [AGG-1, AGG-2]", () => {
  const { out, state } = aggregate(sum, [
    { key: "a", value: 1, timestampMs: 5 },
    { key: "b", value: 2, timestampMs: 6 },
    { key: "a", value: 3, timestampMs: 4 },
  ]);
  expect(out).toEqual([
    ["a", "1", 5],
    ["b", "2", 6],
    ["a", "4", 5],
  ]);
  expect(state).toEqual([
    [
      "s",
      [
        { key: "a", value: "4", timestampMs: 5 },
        { key: "b", value: "2", timestampMs: 6 },
      ],
    ],
  ]);
});

test("without an initializer the first value is the state, as it was written [AGG-3]", () => {
  const { out } = aggregate({ aggregator: (a, b) => Math.max(a as number, b as number) }, [
    { key: "a", text: "12.30" },
    { key: "a", text: "12.4" },
  ]);
  expect(out.map((row) => (row as string[])[1])).toEqual(["12.30", "12.4"]);
});

test("a null key or value is dropped and counted [AGG-4]", () => {
  const { out, counters } = aggregate(sum, [
    { key: null, value: 1 },
    { key: "a", value: null },
    { key: "a", text: "null" },
  ]);
  expect(out).toEqual([]);
  expect(counters.droppedRecords).toBe(3);
});

test("null from the aggregator removes the key and sends a tombstone; the next record begins anew [AGG-5]", () => {
  const functions: Functions = {
    ...sum,
    aggregator: (total, value) => (value === 0 ? null : (total as number) + (value as number)),
  };
  const given = [1, 0, 5].map((value, timestampMs) => ({ key: "a", value, timestampMs: 9 - timestampMs }));
  const { out, state } = aggregate(functions, given);
  expect(out).toEqual([
    ["a", "1", 9],
    ["a", null, 9],
    ["a", "5", 7],
  ]);
  expect(state).toEqual([["s", [{ key: "a", value: "5", timestampMs: 7 }]]]);
});

test("what user code does to an aggregate in place or keeps of it reaches no state [AGG-6]", () => {
  const kept: { n: number }[] = [];
  const functions: Functions = {
    initializer: () => ({ n: 0 }),
    aggregator: (aggregate) => {
      for (const old of kept) old.n = 1_000;
      const state = aggregate as { n: number };
      state.n++;
      kept.push(state);
      return state;
    },
  };
  expect(
    aggregate(functions, [
      { key: "a", value: 1 },
      { key: "a", value: 1 },
    ]).out,
  ).toEqual([
    ["a", '{"n":1}', 0],
    ["a", '{"n":2}', 0],
  ]);
});

test("a state that JSON cannot hold is a dead letter that names the path, and the state stays [AGG-8]", () => {
  const functions: Functions = {
    initializer: () => ({ mean: 0 }),
    aggregator: (_, value) => ({ mean: (value as number) / (value as number) }),
  };
  const { sent, state } = aggregate(functions, [
    { key: "a", value: 2 },
    { key: "a", value: 0 },
  ]);
  expect(sent["topic:dead/0"]?.[0]?.headers).toMatchObject({
    "millrace.error": "state.mean is NaN, which JSON cannot hold",
    "millrace.node": "aggregate",
  });
  expect(state).toEqual([["s", [{ key: "a", value: '{"mean":1}', timestampMs: 0 }]]]);
});

test("undefined from the aggregator is an error [AGG-8]", () => {
  const { sent } = aggregate({ initializer: () => 0, aggregator: () => undefined }, [{ key: "a", value: 2 }]);
  expect(sent["topic:dead/0"]?.[0]?.headers["millrace.error"]).toBe("state is undefined, which JSON cannot hold");
});

test("a micro-batch sends the last value of every changed key at its end, in order of first change [AGG-7]", () => {
  const given = ["b", "a", "b", "c", "a", "b"].map((key, timestampMs) => ({ key, value: 1, timestampMs }));
  const { out } = aggregate(sum, given, { slices: [4, 2], microBatches: true });
  expect(out).toEqual([
    ["b", "2", 2],
    ["a", "1", 1],
    ["c", "1", 3],
    ["a", "2", 4],
    ["b", "3", 5],
  ]);
});

test("a windowed key at a store is a dead letter [AGG-9]", () => {
  const nodes: PlanNode[] = [
    { kind: "source", name: "source", inputs: [], topic: "in", format: "json" },
    {
      kind: "map",
      name: "map",
      inputs: ["source"],
      mapper: (value) => ({ key: { key: "a", start: 0, end: 1 }, value }),
    },
    { kind: "toTable", name: "table", inputs: ["map"], store: { name: "s" } },
  ];
  const letter = runTask(planOf(nodes), logOf([{ key: "a", value: 1 }])).sent["topic:dead/0"]?.[0];
  expect(letter?.headers["millrace.error"]).toBe(
    "the key at table is windowed; give it a text key with selectKey first",
  );
});

test("a table keeps the last value by arrival, as it was written; null removes it [AGG-10]", () => {
  const nodes: PlanNode[] = [
    { kind: "source", name: "source", inputs: [], topic: "in", format: "json" },
    { kind: "toTable", name: "table", inputs: ["source"], store: { name: "s" } },
    { kind: "sink", name: "out", inputs: ["table"], sink: { kind: "topic", topic: "out", format: "json" } },
  ];
  const given: Given[] = [
    { key: "a", text: "9007199254740993", timestampMs: 9 },
    { key: "b", text: "1" },
    { key: "a", text: "12.30", timestampMs: 5 },
    { key: "b", value: null },
    { key: null, text: "1" },
  ];
  for (const microBatches of [false, true]) {
    const { sent, state, counters } = runTask(planOf(nodes), logOf(given), { microBatches });
    expect(state).toEqual([["s", [{ key: "a", value: "12.30", timestampMs: 5 }]]]);
    const out = (sent["topic:out/0"] ?? []).map(({ key, value }) => `${key} ${value}`);
    expect(out).toEqual(microBatches ? ["a 12.30", "b null"] : ["a 9007199254740993", "b 1", "a 12.30", "b null"]);
    expect(counters.droppedRecords).toBe(1);
  }
});
