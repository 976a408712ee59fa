import { expect, test } from "vitest";
import { MAX_WINDOW_MS } from "../../../schema/limits.ts";
import type {
  GlobalJoinNode,
  Plan,
  PlanNode,
  StreamJoinNode,
  StreamTableJoinNode,
  TableJoinNode,
} from "../../../schema/plan.ts";
import type { JoinWindows } from "../../../schema/windows.ts";
import { joinWindows, pipeline, tumbling, unbounded, within } from "../../../sdk/streams/index.ts";
import { layoutOf } from "../task/layout.ts";
import { checkPlan } from "./check.ts";
import { cutPlan } from "./cut.ts";
import { describePlan } from "./describe.ts";

const pair = (left: unknown, right: unknown): unknown => [left, right];
const tens = { kind: "time", sizeMs: 10, advanceMs: 10, graceMs: 0 } as const;
const windows: JoinWindows = { kind: "join", beforeMs: 5, afterMs: 10, graceMs: 0 };
const source = (topic: string): PlanNode => ({ kind: "source", name: topic, inputs: [], topic, format: "json" });
const join: StreamJoinNode = {
  kind: "streamJoin",
  name: "join",
  inputs: ["a", "b"],
  join: "inner",
  store: { name: "join" },
  windows,
  joiner: pair,
  unmatched: "onClose",
};

function planOf(node: PlanNode, more: readonly PlanNode[] = []): Plan {
  const nodes = [source("a"), source("b"), ...more, node];
  return { name: "p", version: 1, trigger: { kind: "perEvent" }, deadLetterTopic: "dead", nodes };
}

const hours: PlanNode = {
  kind: "aggregate",
  name: "hours",
  inputs: ["a"],
  store: { name: "hours" },
  windows: tumbling({ size: "1 hour", grace: 0 }),
  initializer: () => 0,
  aggregator: () => 1,
};

const rows: PlanNode = { kind: "toTable", name: "rows", inputs: ["b"], store: { name: "rows" } };
const lookup: StreamTableJoinNode = {
  kind: "streamTableJoin",
  name: "lookup",
  inputs: ["a", "rows"],
  join: "inner",
  store: { name: "lookup" },
  joiner: pair,
};
const tables: TableJoinNode = {
  kind: "tableJoin",
  name: "tables",
  inputs: ["rows", "rows"],
  join: "outer",
  store: { name: "tables" },
  joiner: pair,
  tombstones: "exact",
};

test.each<[wrong: string, node: PlanNode, refused: readonly [field: string, message: string]]>([
  ["input", { ...join, inputs: ["a"] as never }, ["nodes[4].inputs", "has 1 inputs"]],
  ["joiner", { ...join, joiner: undefined }, ["nodes[4].joiner", `join "join" has no joiner`]],
  ["semi join", { ...join, join: "semi" }, ["nodes[4].joiner", `semi join "join" has a joiner`]],
  ["key", { ...join, inputs: ["hours", "b"] }, ["nodes[4].inputs", "keeps state by a window and its key"]],
  ["before", { ...join, windows: { ...windows, beforeMs: 0.5 } }, ["nodes[4].windows.beforeMs", "beforeMs is 0.5"]],
  ["span", { ...join, windows: { ...windows, beforeMs: -11 } }, ["nodes[4].windows", "over -1 ms"]],
  ["span", { ...join, windows: { ...windows, afterMs: MAX_WINDOW_MS } }, ["nodes[4].windows", "records match over"]],
  ["grace", { ...join, windows: { ...windows, graceMs: -1 } }, ["nodes[4].windows.graceMs", "grace is -1 ms"]],
  ["table", { ...lookup, inputs: ["a", "b"] }, ["nodes[4].inputs[1]", `reads "b" (source), which is no table`]],
  ["table", { ...tables, inputs: ["a", "rows"] }, ["nodes[4].inputs[0]", `reads "a" (source), which is no table`]],
  ["table's key", { ...lookup, inputs: ["a", "hours"] }, ["nodes[4].inputs", "keeps state by a window and its key"]],
  ["grace", { ...lookup, graceMs: -1 }, ["nodes[4].graceMs", "grace is -1 ms"]],
  ["inputs", { ...tables, inputs: ["rows"] as never }, ["nodes[4].inputs", "has 1 inputs"]],
  [
    "history",
    { ...rows, name: "v", store: { name: "v" }, versioned: { historyMs: 0 } },
    ["nodes[4].versioned.historyMs", "history is 0 ms"],
  ],
  ["outer join", { ...join, join: "outer", windows: undefined }, ["nodes[4].windows", "has no windows"]],
  ["window", { ...join, windows: { ...tens, advanceMs: 5 } }, ["nodes[4].windows.advanceMs", "in several windows"]],
  ["size", { ...join, windows: { ...tens, sizeMs: 0, advanceMs: 0 } }, ["nodes[4].windows.sizeMs", "size is 0 ms"]],
  ["grace", { ...join, windows: { ...tens, graceMs: -1 } }, ["nodes[4].windows.graceMs", "grace is -1 ms"]],
  ["left join", { ...join, join: "left", once: true }, ["nodes[4].once", `left join "join" has "once"`]],
])("a join with a wrong %s is refused [JON-8, JON-19, JON-21]", (_wrong, node, [field, message]) => {
  const answer = checkPlan(planOf(node, [hours, rows]));
  expect(answer).toMatchObject({ ok: false, code: "invalid_request", field });
  expect(answer.ok ? "" : answer.message).toContain(message);
});

test("joins of every kind are accepted, of a stream with itself too [JON-8]", () => {
  for (const node of [join, { ...join, inputs: ["a", "a"] } as const, { ...join, windows: undefined }])
    expect(checkPlan(planOf(node))).toEqual({ ok: true });
  for (const node of [lookup, tables, { ...lookup, join: "left", graceMs: 0 } as const])
    expect(checkPlan(planOf(node, [rows]))).toEqual({ ok: true });
  const before = { ...join, windows: { ...windows, beforeMs: -10 } };
  expect(checkPlan(planOf(before))).toEqual({ ok: true });
});

test("joins meet in a task that is there, and what is behind it does not come back [JON-9]", () => {
  const { plan } = pipeline("p", ({ stream }) => {
    const [a, b, c] = [stream("a"), stream("b"), stream("c")];
    const ab = a.join(b, pair, unbounded());
    ab.join(a, pair, unbounded());
    c.join(ab, pair, unbounded()).to("abc");
    const again = ab.selectKey(() => "k");
    again.join(ab, pair, unbounded()).to("again");
  });
  const { tasks, internalTopics } = cutPlan(plan);
  expect(internalTopics.map(({ name, inputs }) => [name, inputs.map(({ node }) => node)])).toEqual([
    ["__join-1", ["source-1", "source-2", "source-3"]],
    ["__join-4", ["selectKey-1", "join-1"]],
  ]);
  expect(tasks.map(({ input }) => input)).toEqual(["a", "b", "c", "__join-1", "__join-4"]);
  const at = (name: string): string | undefined =>
    tasks.find(({ nodes }) => nodes.some((node) => node.kind === "streamJoin" && node.name === name))?.input;
  expect(["join-1", "join-2", "join-3", "join-4"].map(at)).toEqual(["__join-1", "__join-1", "__join-1", "__join-4"]);
});

test("a join of one topic's streams stays in its task; with itself under a new key its records go there once [JON-5]", () => {
  const { plan } = pipeline("p", ({ stream }) => {
    const a = stream("a");
    a.join(
      a.filter(() => true),
      pair,
      unbounded(),
    );
    const keyed = a.selectKey(() => "k");
    keyed.join(keyed, pair, unbounded());
  });
  const { internalTopics } = cutPlan(plan);
  expect(internalTopics).toMatchObject([{ name: "__selectKey-1", inputs: [{ node: "selectKey-1", input: "a" }] }]);
});

test("joins are described, and their sides can be read [PLN-6, STR-7, TSK-8]", () => {
  const { plan } = pipeline("p", ({ stream }) => {
    const [a, b] = [stream("a"), stream("a")];
    a.leftJoin(b, pair, {
      windows: joinWindows({ before: 0, after: "1 hour", grace: 5 }),
      where: () => true,
      store: "s",
    });
    a.semiJoin(b, unbounded());
    a.outerJoin(b, pair, within("10 minutes", { grace: 0 }));
    a.join(b, pair, { windows: unbounded(), once: true, where: () => true, store: "t" });
  });
  const { nodes, stores } = describePlan(plan);
  expect(nodes.slice(1).map(({ detail }) => detail)).toEqual([
    "left, 0 ms before to 1 hour after, grace 5 ms, where, stores s.left, s.right",
    "semi, unbounded, stores semiJoin-1.left, semiJoin-1.right",
    "outer, within 10 minutes, grace 0 ms, stores outerJoin-1.left, outerJoin-1.right",
    "inner, unbounded, once, where, stores t.left, t.right",
  ]);
  const sides = ["s", "semiJoin-1", "outerJoin-1", "t"].flatMap((name) => [`${name}.left`, `${name}.right`]);
  expect(stores.map(({ name, kind }) => [name, kind])).toEqual(sides.map((name) => [name, "joinSide"]));
  const [task] = cutPlan(plan).tasks;
  const layout = JSON.parse(layoutOf(task!)) as [name: string, ...string[]][];
  expect(layout.filter(([name]) => name.startsWith("s."))).toEqual([
    ["s.left", "ordered", "left", "onClose", 0, 3_600_000, 5],
    ["s.left.unmatched", "window", "left", "onClose", 0, 3_600_000, 5],
    ["s.right", "ordered", "left", "onClose", 0, 3_600_000, 5],
  ]);
  // State of a join that lets go is not that of one that keeps.
  expect(layout.filter(([name]) => name.startsWith("t."))).toEqual([
    ["t.left", "ordered", "inner once", "onClose"],
    ["t.right", "ordered", "inner once", "onClose"],
  ]);
});

/** By task: its nodes without the sinks and sources that cross. */
function tasksOf(plan: Plan): { readonly [input: string]: readonly string[] } {
  const own = (node: { readonly kind: string }): boolean =>
    node.kind !== "internalSink" && node.kind !== "internalSource";
  return Object.fromEntries(
    cutPlan(plan).tasks.map(({ input, nodes }) => [
      input,
      nodes.filter(own).map(({ name, inputs }) => [name, ...inputs].join(" < ")),
    ]),
  );
}

test("a table is kept where it is first read, and copied by its changes where others join it [JON-13]", () => {
  const { plan } = pipeline("p", ({ stream, table }) => {
    const [a, b] = [stream("a"), table("b", { store: "b" })];
    a.join(b, pair);
    const c = table("c", { store: "c" });
    c.to("out");
    c.join(b, pair);
    c.leftJoin(b, pair);
    table("d", { store: "unread" });
  });
  expect(tasksOf(plan)).toEqual({
    a: ["source-1"],
    b: ["source-2"],
    c: ["source-3", "table-2 < source-3", "sink-1 < table-2"],
    "__join-1": [
      "table-1 < source-2",
      "join-1 < source-1 < table-1",
      "table-2/rows < table-2",
      "join-2 < table-2/rows < table-1",
      "leftJoin-1 < table-2/rows < table-1",
    ],
    d: ["source-4", "table-3 < source-4"],
  });
});

test("a versioned table is kept again by its own records, where another task asks what was [JON-13]", () => {
  const { plan } = pipeline("p", ({ stream, table }) => {
    const prices = table("prices", { versioned: { historyRetention: "1 hour" } });
    prices.to("out");
    stream("a").join(prices, pair);
    table("b").join(prices, pair);
  });
  expect(tasksOf(plan)).toEqual({
    prices: ["source-1", "table-1 < source-1", "sink-1 < table-1"],
    a: ["source-2"],
    "__join-1": ["table-1/versions < source-1", "join-1 < source-2 < table-1/versions"],
    b: ["source-3"],
    "__join-2": ["table-2 < source-3", "table-1/rows < table-1", "join-2 < table-2 < table-1/rows"],
  });
  expect(describePlan(plan).nodes.map(({ detail }) => detail)).toContain("store table-1, history 1 hour");
});

test("a join by foreign key is three parts behind two topics [JON-14]", () => {
  const { plan } = pipeline("p", ({ table }) => {
    const customers = table("customers");
    const named = table<{ by: string }>("orders").join(customers, pair, { foreignKey: ({ by }) => by, store: "named" });
    named.to("out");
  });
  expect(tasksOf(plan)).toEqual({
    orders: ["source-2", "table-2 < source-2", "join-1/send < table-2"],
    customers: ["source-1"],
    "__join-1": ["table-1 < source-1", "join-1/match < join-1/send < table-1"],
    "__join-1.results": ["join-1 < join-1/match", "sink-1 < join-1"],
  });
  const { nodes, stores } = describePlan(plan);
  expect(nodes.find(({ name }) => name === "join-1")).toMatchObject({
    kind: "foreignKeyJoin",
    detail: "inner by foreign key, store named",
    task: "__join-1.results",
  });
  expect(stores.map(({ name }) => name)).toEqual(["table-1", "table-2", "named"]);
});

test("a global table is kept in the tasks that join it, and its records go to every partition [JON-17]", () => {
  const { plan } = pipeline("p", ({ stream, globalTable }) => {
    const [names, places] = [globalTable("names"), globalTable("places")];
    const key = (): string => "k";
    const named = stream("a").join(names, pair, { key });
    named.join(places, pair, { key }).join(names, pair, { key });
    stream("b").leftJoin(names, pair, { key });
  });
  expect(tasksOf(plan)).toEqual({
    names: ["source-1"],
    places: ["source-2"],
    a: ["source-3"],
    "__join-1": [
      "globalTable-1/rows < globalTable-1/records",
      "join-1 < source-3 < globalTable-1/rows",
      "globalTable-2/rows < globalTable-2/records",
      "join-2 < join-1 < globalTable-2/rows",
      "join-3 < join-2 < globalTable-1/rows",
    ],
    b: ["source-4"],
    "__leftJoin-1": ["globalTable-1/rows < globalTable-1/records", "leftJoin-1 < source-4 < globalTable-1/rows"],
  });
  const sinks = cutPlan(plan).tasks.flatMap(({ nodes }) => nodes.filter((node) => node.kind === "internalSink"));
  expect(sinks.map(({ inputs, broadcast }) => [...inputs, broadcast])).toEqual([
    ["source-1", true],
    ["source-1", true],
    ["source-2", true],
    ["source-3", false],
    ["source-4", false],
  ]);
});

const global: PlanNode = { kind: "globalTable", name: "global", inputs: ["b"] };
const named: GlobalJoinNode = {
  kind: "globalJoin",
  name: "named",
  inputs: ["a", "global"],
  join: "left",
  key: () => "k",
  joiner: pair,
};

test.each<[wrong: string, nodes: readonly PlanNode[], refused: readonly [field: string, message: string]]>([
  ["topic", [rows, { ...global, inputs: ["rows"] }], ["nodes[3].inputs[0]", "which is no topic"]],
  ["table", [{ ...named, inputs: ["a", "b"] }], ["nodes[2].inputs[1]", `(globalJoin) reads "b" (source)`]],
  ["reader", [global, { ...join, inputs: ["a", "global"] }], ["nodes[3].inputs[1]", `reads "global" (globalTable)`]],
  ["input", [global, { ...named, inputs: ["global", "a"] }], ["nodes[3].inputs[0]", `reads "global" (globalTable)`]],
  ["count", [global, { ...named, inputs: ["a"] as never }], ["nodes[3].inputs", "has 1 inputs"]],
])("a global table with a wrong %s is refused [JON-8]", (_wrong, more, [field, message]) => {
  const [node, ...before] = more.toReversed();
  const answer = checkPlan(planOf(node!, before.toReversed()));
  expect(answer).toMatchObject({ ok: false, field });
  expect(answer.ok ? "" : answer.message).toContain(message);
  expect(checkPlan(planOf(named, [global]))).toEqual({ ok: true });
});
