import { expect, test } from "vitest";
import type { PlanNode } from "../../../schema/plan.ts";
import { pipeline } from "../../../sdk/streams/index.ts";
import { cutPlan } from "./cut.ts";
import type { TaskGraph } from "./task-plan.ts";

/** By task: its input, then its nodes in order. */
function shapeOf({ tasks }: TaskGraph): { readonly [input: string]: readonly string[] } {
  return Object.fromEntries(tasks.map(({ input, nodes }) => [input, nodes.map(({ name }) => name)]));
}

test("what needs no key but the topic's stays in one task [PLN-2]", () => {
  const { plan } = pipeline("p", ({ stream }) => {
    const orders = stream("orders");
    orders
      .merge(orders.filter(() => true))
      .groupByKey()
      .count();
    orders.selectKey(() => "a").to("out");
  });
  const graph = cutPlan(plan);
  expect(graph.internalTopics).toEqual([]);
  expect(shapeOf(graph)).toEqual({ orders: plan.nodes.map(({ name }) => name) });
});

test("state by a changed key runs behind an internal topic, which all that need it share [PLN-2]", () => {
  const { plan } = pipeline("p", ({ stream }) => {
    const byShop = stream("orders").selectKey(() => "a");
    byShop.to("copy");
    byShop.groupByKey().count().toStream().to("counts");
    byShop.toTable();
  });
  const graph = cutPlan(plan);
  expect(graph.internalTopics).toEqual([
    { name: "__selectKey-1", partitions: undefined, inputs: [{ node: "selectKey-1", input: "orders" }] },
  ]);
  expect(shapeOf(graph)).toEqual({
    orders: ["source-1", "selectKey-1", "sink-1", "__selectKey-1.0"],
    "__selectKey-1": ["selectKey-1", "count-1", "sink-2", "toTable-1"],
  });
});

test("streams of different topics meet in an internal topic, each under its tag [PLN-2]", () => {
  const { plan } = pipeline("p", ({ stream }) => {
    const all = stream("a").merge(stream("b").mapValues(() => 1));
    all.groupByKey().count();
    all.filter(() => true).to("out");
  });
  const graph = cutPlan(plan);
  expect(graph.internalTopics[0]?.inputs).toEqual([
    { node: "source-1", input: "a" },
    { node: "mapValues-1", input: "b" },
  ]);
  expect(shapeOf(graph)).toEqual({
    a: ["source-1", "__merge-1.0"],
    b: ["source-2", "mapValues-1", "__merge-1.1"],
    "__merge-1": ["source-1", "mapValues-1", "merge-1", "count-1", "filter-1", "sink-1"],
  });
});

test("changes of a table in groups are sent with what they replace [TBL-1, PLN-2]", () => {
  const { plan } = pipeline("p", ({ table }) => {
    const rows = table("a");
    rows
      .toStream((_, key) => key)
      .groupByKey()
      .count();
    rows
      .filter(() => true)
      .groupBy((value) => ({ key: "all", value }))
      .count();
  });
  const graph = cutPlan(plan);
  expect(graph.internalTopics.map(({ name, inputs }) => [name, inputs])).toEqual([
    ["__selectKey-1", [{ node: "selectKey-1", input: "a" }]],
    ["__groupBy-1", [{ node: "groupBy-1", input: "a", changes: true }]],
  ]);
  const sinks = graph.tasks.flatMap(({ nodes }) => nodes.filter((node) => node.kind === "internalSink"));
  expect(sinks.map(({ name, changes }) => [name, changes])).toEqual([
    ["__selectKey-1.0", false],
    ["__groupBy-1.0", true],
  ]);
});

test("a second change of the key is a second topic, behind the first [PLN-2]", () => {
  const { plan } = pipeline("p", ({ stream }) =>
    stream("a")
      .selectKey(() => "x")
      .groupByKey()
      .count()
      .toStream()
      .selectKey(() => "y")
      .groupByKey()
      .count(),
  );
  expect(Object.keys(shapeOf(cutPlan(plan)))).toEqual(["a", "__selectKey-1", "__selectKey-2"]);
});

test("repartition sets the number of partitions, and its records are by key [PLN-8]", () => {
  const { plan } = pipeline("p", ({ stream }) =>
    stream("a")
      .selectKey(() => "x")
      .repartition({ partitions: 3 })
      .groupByKey()
      .count(),
  );
  const graph = cutPlan(plan);
  expect(graph.internalTopics).toMatchObject([{ name: "__repartition-1", partitions: 3 }]);
  expect(shapeOf(graph)).toMatchObject({ "__repartition-1": ["repartition-1", "count-1"] });
});

test("a sink knows the finest step of time behind its topic, however far behind [ENG-22]", () => {
  const windowed = (name: string, input: string, advanceMs: number): PlanNode => ({
    kind: "aggregate",
    name,
    inputs: [input],
    store: { name },
    windows: { kind: "time", sizeMs: 100, advanceMs, graceMs: 0 },
    aggregator: () => 0,
  });
  const select = (name: string, input: string): PlanNode => ({
    kind: "selectKey",
    name,
    inputs: [input],
    selector: () => "k",
  });
  const nodes: PlanNode[] = [
    { kind: "source", name: "s", inputs: [], topic: "in", format: "json" },
    select("one", "s"),
    windowed("coarse", "one", 50),
    select("two", "coarse"),
    windowed("fine", "two", 20),
    select("three", "s"),
    { kind: "toTable", name: "table", inputs: ["three"], store: { name: "t" } },
  ];
  const plan = { name: "p", version: 1, trigger: { kind: "perEvent" }, nodes, deadLetterTopic: "dead" } as const;
  const sinks = cutPlan(plan).tasks.flatMap((task) => task.nodes.filter((node) => node.kind === "internalSink"));
  expect(sinks.map(({ topic, stepMs }) => [topic, stepMs])).toEqual([
    ["__one", 20],
    ["__three", undefined],
    ["__two", 20],
  ]);
});
