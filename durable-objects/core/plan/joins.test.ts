import { expect, test } from "vitest";
import { MAX_WINDOW_MS } from "../../../schema/limits.ts";
import type { JoinWindows, Plan, PlanNode, StreamJoinNode } from "../../../schema/plan.ts";
import { joinWindows, pipeline, tumbling, unbounded, within } from "../../../sdk/streams/index.ts";
import { layoutOf } from "../task/layout.ts";
import { checkPlan } from "./check.ts";
import { cutPlan } from "./cut.ts";
import { describePlan } from "./describe.ts";

const pair = (left: unknown, right: unknown): unknown => [left, right];
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

test.each<[wrong: string, node: StreamJoinNode, refused: readonly [field: string, message: string]]>([
  ["input", { ...join, inputs: ["a"] as never }, ["nodes[3].inputs", "has 1 inputs"]],
  ["joiner", { ...join, joiner: undefined }, ["nodes[3].joiner", `join "join" has no joiner`]],
  ["semi join", { ...join, join: "semi" }, ["nodes[3].joiner", `semi join "join" has a joiner`]],
  ["key", { ...join, inputs: ["hours", "b"] }, ["nodes[3].inputs", "keeps state by a window and its key"]],
  ["before", { ...join, windows: { ...windows, beforeMs: 0.5 } }, ["nodes[3].windows.beforeMs", "beforeMs is 0.5"]],
  ["span", { ...join, windows: { ...windows, beforeMs: -11 } }, ["nodes[3].windows", "over -1 ms"]],
  ["span", { ...join, windows: { ...windows, afterMs: MAX_WINDOW_MS } }, ["nodes[3].windows", "records match over"]],
  ["grace", { ...join, windows: { ...windows, graceMs: -1 } }, ["nodes[3].windows.graceMs", "grace is -1 ms"]],
  ["outer join", { ...join, join: "outer", windows: undefined }, ["nodes[3].windows", "has no windows"]],
])("a join with a wrong %s is refused [JON-8]", (_wrong, node, [field, message]) => {
  const answer = checkPlan(planOf(node, [hours]));
  expect(answer).toMatchObject({ ok: false, code: "invalid_request", field });
  expect(answer.ok ? "" : answer.message).toContain(message);
});

test("joins of every kind are accepted, of a stream with itself too [JON-8]", () => {
  for (const node of [join, { ...join, inputs: ["a", "a"] } as const, { ...join, windows: undefined }])
    expect(checkPlan(planOf(node))).toEqual({ ok: true });
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

test("joins are described, and their stores are not for reading [PLN-6, TSK-8]", () => {
  const { plan } = pipeline("p", ({ stream }) => {
    const [a, b] = [stream("a"), stream("a")];
    a.leftJoin(b, pair, {
      windows: joinWindows({ before: 0, after: "1 hour", grace: 5 }),
      where: () => true,
      store: "s",
    });
    a.semiJoin(b, unbounded());
    a.outerJoin(b, pair, within("10 minutes", { grace: 0 }));
  });
  const { nodes, stores } = describePlan(plan);
  expect(nodes.slice(1).map(({ detail }) => detail)).toEqual([
    "left, 0 ms before to 1 hour after, grace 5 ms, where",
    "semi, unbounded",
    "outer, within 10 minutes, grace 0 ms",
  ]);
  expect(stores).toEqual([]);
  const [task] = cutPlan(plan).tasks;
  const layout = JSON.parse(layoutOf(task!)) as [name: string, ...string[]][];
  expect(layout.filter(([name]) => name.startsWith("s."))).toEqual([
    ["s.left", "ordered", "left", "onClose", 0, 3_600_000, 5],
    ["s.left.unmatched", "window", "left", "onClose", 0, 3_600_000, 5],
    ["s.right", "ordered", "left", "onClose", 0, 3_600_000, 5],
  ]);
});
