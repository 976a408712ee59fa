import { expect, test } from "vitest";
import type { Plan, PlanNode } from "../../../schema/plan.ts";
import type { D1Sink, R2Sink, Sink } from "../../../schema/sinks.ts";
import type { TimeWindows, Windows } from "../../../schema/windows.ts";
import { checkPlan } from "./check.ts";

const source: PlanNode = { kind: "source", name: "source", inputs: [], topic: "flights", format: "json" };
const windows: TimeWindows = { kind: "time", sizeMs: 1_000, advanceMs: 1_000, graceMs: 500 };
const d1: D1Sink = { kind: "d1", table: "t", columns: { a: "TEXT", b: "REAL" }, primaryKey: ["a"] };
const r2: R2Sink = { kind: "r2", prefix: "p/q", path: () => "", rollMs: 0, maxFileBytes: 1 };

function planOf(nodes: readonly PlanNode[], head: Partial<Plan> = {}): Plan {
  return { name: "p", version: 1, trigger: { kind: "perEvent" }, deadLetterTopic: "p.dead-letters", nodes, ...head };
}
function sinkNode(sink: Sink, name = "sink", inputs = ["source"]): PlanNode {
  return { kind: "sink", name, inputs, sink };
}
function filter(name: string, ...inputs: string[]): PlanNode {
  return { kind: "filter", name, inputs, predicate: () => true };
}
function count(
  name: string,
  input: string,
  more: { store?: string; windows?: Windows; retentionMs?: number } = {},
): PlanNode {
  return {
    kind: "aggregate",
    name,
    inputs: [input],
    store: { name: more.store ?? name, retentionMs: more.retentionMs },
    windows: more.windows,
    initializer: () => 0,
    aggregator: (sum) => Number(sum) + 1,
  };
}
const growing = { kind: "cumulative", sizeMs: 1_000, stepMs: 100, graceMs: 0 } as const;
const map: PlanNode = { kind: "map", name: "map", inputs: ["source"], mapper: (value, key) => ({ key, value }) };
const topicSink: Sink = { kind: "topic", topic: "out", format: "json" };

test("a plan of every kind of node is accepted [PLN-1]", () => {
  const nodes: PlanNode[] = [
    source,
    filter("filter", "source"),
    count("count", "filter"),
    count("hours", "filter", { windows, retentionMs: 1_500 }),
    count("again", "count"),
    { kind: "toTable", name: "table", inputs: ["filter"], store: { name: "table" } },
    { kind: "mapValues", name: "values", inputs: ["hours"], mapper: (value) => value },
    map,
    filter("merged", "map", "table"),
    sinkNode(topicSink, "sink-1", ["merged"]),
    sinkNode(topicSink, "sink-2", ["table"]),
    sinkNode(d1, "sink-3", ["values"]),
    sinkNode({ ...d1, table: "u" }, "sink-4", ["values"]),
    sinkNode(r2, "sink-5"),
  ];
  expect(checkPlan(planOf(nodes, { trigger: { kind: "every", intervalMs: 100 } }))).toEqual({ ok: true });
});

test.each<[wrong: string, plan: Plan, field: string, message: string]>([
  ["name", planOf([source], { name: "a/b" }), "name", `"a/b" is not a pipeline name`],
  ["long name", planOf([source], { name: "a".repeat(101) }), "name", "is not a pipeline name"],
  ["version", planOf([source], { version: 0 }), "version", "version is 0"],
  ["dead-letter topic", planOf([source], { deadLetterTopic: "__d" }), "deadLetterTopic", "is not a topic name"],
  ["trigger", planOf([source], { trigger: { kind: "every", intervalMs: 99 } }), "trigger.intervalMs", "every 99 ms"],
  ["slow trigger", planOf([source], { trigger: { kind: "every", intervalMs: 1e9 } }), "trigger.intervalMs", "outside"],
  ["node name", planOf([source, filter("a b", "source")]), "nodes[1].name", `"a b" is not a node name`],
  ["name twice", planOf([source, filter("source", "source")]), "nodes[1].name", `two nodes are named "source"`],
  [
    "unknown input",
    planOf([source, filter("f", "g")]),
    "nodes[1].inputs[0]",
    `reads "g", which does not stand before it`,
  ],
  ["order", planOf([filter("f", "source"), source]), "nodes[0].inputs[0]", "does not stand before it"],
  ["no input", planOf([source, filter("f")]), "nodes[1].inputs", `node "f" has no input`],
  [
    "source with input",
    planOf([source, { ...source, name: "s", inputs: ["source"] }]),
    "nodes[1].inputs",
    "has inputs",
  ],
  ["input twice", planOf([source, filter("f", "source", "source")]), "nodes[1].inputs[1]", `reads "source" twice`],
  ["reads a sink", planOf([source, sinkNode(topicSink), filter("f", "sink")]), "nodes[2].inputs[0]", "reads the sink"],
  ["no source", planOf([]), "nodes", "reads no topic"],
  ["source topic", planOf([{ ...source, topic: "a b" } as PlanNode]), "nodes[0].topic", `"a b" is not a topic name`],
  ["topic twice", planOf([source, { ...source, name: "s" }]), "nodes[1].topic", "has two sources"],
  ["own dead letters", planOf([source], { deadLetterTopic: "flights" }), "deadLetterTopic", "its own dead letters"],
  [
    "too many nodes",
    planOf(Array.from({ length: 201 }, (_, at) => filter(`f${at}`))),
    "nodes",
    "201 nodes are above 200",
  ],
])("%s is refused [PLN-1]", (_wrong, ...[plan, field, message]) => {
  expect(checkPlan(plan)).toMatchObject({
    ok: false,
    code: "invalid_request",
    field,
    hint: expect.stringMatching(/./),
  });
  expect(checkPlan(plan)).toHaveProperty("message", expect.stringContaining(message));
});

test("state by window keys is refused [PLN-3]", () => {
  const plan = planOf([source, count("hours", "source", { windows }), count("c", "hours")]);
  expect(checkPlan(plan)).toMatchObject({ field: "nodes[2].inputs", hint: expect.stringContaining("text key") });
});

test.each<[wrong: string, nodes: readonly PlanNode[], field: string, message: string]>([
  ["store twice", [count("a", "source"), count("b", "source", { store: "a" })], "nodes[2].store.name", "two stores"],
  ["store name", [count("a", "source", { store: "a b" })], "nodes[1].store.name", `"a b" is not a store name`],
  [
    "retention",
    [count("a", "source", { windows, retentionMs: 1_499 })],
    "nodes[1].store.retentionMs",
    "below size + grace",
  ],
  ["retention alone", [count("a", "source", { retentionMs: 1 })], "nodes[1].store.retentionMs", "only windows"],
  ["size", [count("a", "source", { windows: { ...windows, sizeMs: 0 } })], "nodes[1].windows.sizeMs", "size is 0 ms"],
  [
    "advance",
    [count("a", "source", { windows: { ...windows, advanceMs: 1_001 } })],
    "nodes[1].windows.advanceMs",
    "1001",
  ],
  ["grace", [count("a", "source", { windows: { ...windows, graceMs: -1 } })], "nodes[1].windows.graceMs", "-1 ms"],
  [
    "hops",
    [count("a", "source", { windows: { ...windows, advanceMs: 1 } })],
    "nodes[1].windows.advanceMs",
    "1000 windows",
  ],
  ["step", [count("a", "source", { windows: { ...growing, stepMs: 300 } })], "nodes[1].windows.stepMs", "by 300 ms"],
  ["steps", [count("a", "source", { windows: { ...growing, stepMs: 5 } })], "nodes[1].windows.stepMs", "200 windows"],
  [
    "gap",
    [count("a", "source", { windows: { kind: "session", gapMs: 0, graceMs: 0 } })],
    "nodes[1].windows.gapMs",
    "window gap is 0 ms",
  ],
  [
    "difference",
    [count("a", "source", { windows: { kind: "sliding", differenceMs: 1e12, graceMs: 0 } })],
    "nodes[1].windows.differenceMs",
    "window difference is",
  ],
  [
    "retention of sliding windows",
    [count("a", "source", { windows: { kind: "sliding", differenceMs: 10, graceMs: 1 }, retentionMs: 20 })],
    "nodes[1].store.retentionMs",
    "below 2 · difference + grace, 21 ms",
  ],
  ["start", [count("a", "source", { windows: { kind: "unlimited", startMs: -1 } })], "nodes[1].windows.startMs", "-1"],
  [
    "retention of what never closes",
    [count("a", "source", { windows: { kind: "unlimited", startMs: 0 }, retentionMs: 1 })],
    "nodes[1].store.retentionMs",
    "kept for ever",
  ],
])("%s is refused [PLN-4]", (_wrong, ...[nodes, field, message]) => {
  const answer = checkPlan(planOf([source, ...nodes]));
  expect(answer).toMatchObject({ ok: false, field, message: expect.stringContaining(message) });
});

test.each<[wrong: string, node: PlanNode, field: string, message: string]>([
  ["on close without windows", { ...count("a", "source"), emit: "onClose" } as PlanNode, "emit", "only windows close"],
  [
    "quiet without windows",
    { ...count("a", "source"), closeWhenIdleMs: 1 } as PlanNode,
    "closeWhenIdleMs",
    "only windows close",
  ],
  [
    "quiet",
    { ...count("a", "source", { windows }), closeWhenIdleMs: 0 } as PlanNode,
    "closeWhenIdleMs",
    "quiet of 0 ms",
  ],
  [
    "a session without merger",
    count("a", "source", { windows: { kind: "session", gapMs: 1, graceMs: 0 } }),
    "merger",
    "have no merger",
  ],
  [
    "on close of what never closes",
    { ...count("a", "source", { windows: { kind: "unlimited", startMs: 0 } }), emit: "onClose" } as PlanNode,
    "emit",
    "never close",
  ],
  [
    "quiet of a processor without a timer",
    {
      kind: "process",
      name: "p",
      inputs: ["source"],
      store: { name: "p" },
      states: {},
      keepsKey: true,
      record: () => [],
      closeWhenIdleMs: 1,
    },
    "closeWhenIdleMs",
    "only timers fire",
  ],
  ["late of a source", { kind: "late", name: "late", inputs: ["source"] }, "inputs[0]", "no record comes too late"],
])("%s is refused [PLN-10]", (_wrong, ...[node, field, message]) => {
  const answer = checkPlan(planOf([source, node]));
  expect(answer).toMatchObject({ ok: false, field: `nodes[1].${field}`, message: expect.stringContaining(message) });
});

test.each<[wrong: string, sinks: readonly Sink[], field: string, message: string]>([
  [
    "source topic",
    [{ ...topicSink, topic: "flights" }],
    "nodes[1].sink.topic",
    `writes topic "flights", which it reads`,
  ],
  ["dead letters", [{ ...topicSink, topic: "p.dead-letters" }], "nodes[1].sink.topic", "is for dead letters"],
  ["topic name", [{ ...topicSink, topic: "__x" }], "nodes[1].sink.topic", `"__x" is not a topic name`],
  ["one table", [d1, { ...d1, table: "T" }], "nodes[2].sink.table", `two sinks write table "T"`],
  ["one prefix", [r2, r2], "nodes[2].sink.prefix", `two sinks write prefix "p/q"`],
  ["nested prefixes", [r2, { ...r2, prefix: "p" }], "nodes[2].sink.prefix", `prefixes "p/q" and "p" lie one inside`],
  ["table name", [{ ...d1, table: "millrace_progress" }], "nodes[1].sink.table", "is not a table name"],
  ["column name", [{ ...d1, columns: { a: "TEXT", "b c": "TEXT" } }], "nodes[1].sink.columns", `"b c"`],
  ["column twice", [{ ...d1, columns: { a: "TEXT", A: "TEXT" } }], "nodes[1].sink.columns", "is there twice"],
  ["no primary key", [{ ...d1, primaryKey: [] }], "nodes[1].sink.primaryKey", "is empty"],
  ["primary key", [{ ...d1, primaryKey: ["c"] }], "nodes[1].sink.primaryKey", `"c" is not a column`],
  ["primary key twice", [{ ...d1, primaryKey: ["a", "a"] }], "nodes[1].sink.primaryKey", "twice"],
  ["prefix", [{ ...r2, prefix: "a//b" }], "nodes[1].sink.prefix", `"a//b" is not an R2 prefix`],
  ["roll", [{ ...r2, rollMs: -1 }], "nodes[1].sink.rollMs", "rollMs is -1"],
  ["file size", [{ ...r2, maxFileBytes: 1e9 }], "nodes[1].sink.maxFileBytes", "maxFileBytes"],
])("a sink with a wrong %s is refused [PLN-5]", (_wrong, ...[sinks, field, message]) => {
  const answer = checkPlan(planOf([source, ...sinks.map((sink, at) => sinkNode(sink, `sink-${at}`))]));
  expect(answer).toMatchObject({ ok: false, field, message: expect.stringContaining(message) });
});
