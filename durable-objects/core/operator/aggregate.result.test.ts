import { expect, test } from "vitest";
import type { AggregateNode, PlanNode } from "../../../schema/plan.ts";
import { logOf, planOf, runTask, type Given, type Outcome, type Running } from "../../test/task-harness.ts";

type Functions = Pick<AggregateNode, "aggregator" | "result" | "windows">;

/** The state is `[records, sum]`, the result the mean; a mean of 5 fails, one of 7 is no JSON. */
const mean: Functions = {
  aggregator: (state, value) => {
    const [count, sum] = state as [number, number];
    return [count + 1, sum + (value as number)];
  },
  result: (state) => {
    const [count, sum] = state as [number, number];
    if (sum / count === 5) throw new Error("five");
    return { mean: sum / count === 7 ? Number.NaN : sum / count };
  },
};

function run(functions: Functions, given: readonly Given[], running: Running = {}): Outcome & { out: unknown[] } {
  const nodes: PlanNode[] = [
    { kind: "source", name: "source", inputs: [], topic: "in", format: "json" },
    {
      kind: "aggregate",
      name: "means",
      inputs: ["source"],
      store: { name: "s" },
      initializer: () => [0, 0],
      ...functions,
    },
    { kind: "sink", name: "out", inputs: ["means"], sink: { kind: "topic", topic: "out", format: "json" } },
  ];
  const outcome = runTask(planOf(nodes), logOf(given), running);
  return { ...outcome, out: (outcome.sent["topic:out/0"] ?? []).map(({ key, value }) => [key, value]) };
}

const given = (...values: number[]): Given[] => values.map((value) => ({ key: "a", value }));

test("what goes downstream is made of the state; the state is kept [AGG-13]", () => {
  const { out, state } = run(mean, given(1, 3, 2));
  expect(out).toEqual([
    ["a", '{"mean":1}'],
    ["a", '{"mean":2}'],
    ["a", '{"mean":2}'],
  ]);
  expect(state).toEqual([["s", [{ key: "a", value: "[3,6]", timestampMs: 0 }]]]);
  const hour = { kind: "time", sizeMs: 10, advanceMs: 10, graceMs: 0 } as const;
  expect(run({ ...mean, windows: hour }, given(1, 3)).out).toMatchObject([
    [expect.anything(), '{"mean":1}'],
    [expect.anything(), '{"mean":2}'],
  ]);
});

test("in a micro-batch a result is made once for each key, for those that read it [AGG-13]", () => {
  let made = 0;
  const counting: Functions = { ...mean, result: (state) => [++made, state] };
  const batches = { slices: [3, 2], microBatches: true };
  const { out } = run(counting, given(1, 3, 2, 4, 5), batches);
  expect(out).toEqual([
    ["a", "[1,[3,6]]"],
    ["a", "[2,[5,15]]"],
  ]);
});

test("a record whose result fails is a dead letter of the aggregate, and the state stays [AGG-13]", () => {
  for (const [last, message] of [
    [9, "five"],
    [13, "value.mean is NaN, which JSON cannot hold"],
  ] as const) {
    const { out, state, sent } = run(mean, given(1, last));
    expect(out).toHaveLength(1);
    expect(state).toEqual([["s", [{ key: "a", value: "[1,1]", timestampMs: 0 }]]]);
    expect(sent["topic:dead/0"]).toMatchObject([
      { key: "a", value: `${last}`, headers: { "millrace.error": message } },
    ]);
  }
  expect(run(mean, given(5)).sent["topic:dead/0"]?.[0]?.headers["millrace.node"]).toBe("means");
  const nothing = run({ ...mean, result: () => undefined }, given(5)).sent["topic:dead/0"];
  expect(nothing?.[0]?.headers["millrace.error"]).toBe("means returned undefined; a tombstone is null");
});

test("in a micro-batch the dead letter of a failed result is the update, with the state as its value [AGG-13]", () => {
  const { out, state, sent } = run(mean, [...given(1, 9), { key: "b", value: 1 }], { microBatches: true });
  expect(out).toEqual([["b", '{"mean":1}']]);
  expect(state).toMatchObject([["s", [{ key: "a", value: "[2,10]" }, { key: "b" }]]]);
  const headers = { "millrace.error": "five", "millrace.node": "means" };
  expect(sent["topic:dead/0"]).toMatchObject([{ key: "a", value: "[2,10]", headers }]);
});

test("null as a result is a tombstone downstream and no removal of the state [AGG-13]", () => {
  const { out, state } = run({ ...mean, result: () => null }, given(1));
  expect(out).toEqual([["a", null]]);
  expect(state).toMatchObject([["s", [{ key: "a", value: "[1,1]" }]]]);
});

test("the aggregator gets the time of its record [AGG-14]", () => {
  const times: Functions = { aggregator: (_state, _value, ...[key, timestampMs]) => [key, timestampMs] };
  const { state } = run(times, [{ key: "a", value: 1, timestampMs: 77 }]);
  expect(state).toMatchObject([["s", [{ value: '["a",77]' }]]]);
});
