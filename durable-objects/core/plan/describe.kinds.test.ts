import { expect, test } from "vitest";
import type { PlanNode } from "../../../schema/plan.ts";
import {
  batchSql,
  every,
  fromFunction,
  pipeline,
  type Pipeline,
  sequence,
  tumbling,
  untilTimeLimit,
  valueState,
  within,
} from "../../../sdk/streams/index.ts";
import { describePlan } from "./describe.ts";

const KINDS: { readonly [Kind in PlanNode["kind"]]: true } = {
  source: true,
  filter: true,
  map: true,
  mapValues: true,
  flatMap: true,
  flatMapValues: true,
  peek: true,
  foreach: true,
  split: true,
  branch: true,
  selectKey: true,
  aggregate: true,
  late: true,
  dedup: true,
  pattern: true,
  process: true,
  streamJoin: true,
  streamTableJoin: true,
  tableJoin: true,
  foreignKeyJoin: true,
  globalTable: true,
  globalJoin: true,
  lookup: true,
  toTable: true,
  tableFilter: true,
  tableMapValues: true,
  groupTable: true,
  tableAggregate: true,
  suppress: true,
  mapBatch: true,
  batchSql: true,
  forEachBatch: true,
  complete: true,
  watermark: true,
  unwindow: true,
  merge: true,
  repartition: true,
  sink: true,
};

const pair = (left: unknown, right: unknown): unknown => [left, right];

/** A node of every kind, and names and queries with what Mermaid reads more into. */
const everything: Pipeline = pipeline("everything", ({ stream, table, globalTable }) => {
  const orders = stream<{ n: number }>("orders").withWatermark("1 second", { moves: "everyBatch" });
  const plain = orders
    .filter(() => true)
    .map((value, key) => ({ key, value }))
    .mapValues((value) => value)
    .flatMap((value, key) => [{ key, value }])
    .flatMapValues((value) => [value])
    .peek(() => undefined)
    .selectKey(() => "k");
  plain.foreach(() => undefined);
  const { first } = plain.split({ first: () => true, rest: true });
  first.merge(plain).repartition({ partitions: 2 }).dedup({ within: "1 day" }).to("once");
  orders.match(
    sequence<{ n: number }>("1 hour")
      .first("low", () => true)
      .later("high", () => true),
    {
      select: () => 1,
    },
  );
  orders
    .lookup(
      fromFunction(async (n: number) => n),
      pair,
      { key: ({ n }) => n },
    )
    .to("found");
  orders.process({ state: { last: valueState<number>() }, record: () => [] }).to("processed");
  const windows = orders
    .groupByKey()
    .windowedBy(tumbling({ size: "1 hour", grace: 0 }))
    .count({ store: "hours" });
  windows.late().to("late");
  windows
    .toStream()
    .unwindow((value) => value)
    .to("unwound");
  orders.join(stream("payments"), pair, within("1 hour", { grace: 0 })).to("paid");
  const [a, b] = [table<{ n: number }>("a", { store: "a" }), table<{ n: number }>("b")];
  orders.join(a, pair).to("priced");
  orders.join(globalTable("rates"), pair, { key: () => "euro" }).to("in-euros");
  a.join(b, pair).to("joined");
  a.leftJoin(b, pair, { foreignKey: () => "k" }).to("named");
  a.filter(() => true)
    .mapValues((value) => value)
    .groupBy((value) => ({ key: "k", value }))
    .count({ store: "rows" })
    .suppress(untilTimeLimit("1 minute"))
    .to("calm");
  a.complete().to("all");
  orders.mapBatch(() => []).to("batches");
  orders.batchSql(batchSql`select '"<b>&#35;%%{init}%%\`' as n from batch where 1 < 2 and 'a' <> "key"`).to("queried");
  orders.forEachBatch(async () => {});
}).trigger(every("1 second"));

/** What Mermaid's flowchart grammar takes of a label in quotation marks, with codes for what it would read more into. */
const LABEL = String.raw`"(?:[^"<>&#${"`"}%]|#\d+;|<br/>)+"`;
const LINES = [
  /^flowchart LR$/,
  new RegExp(String.raw`^  subgraph t\d+\[${LABEL}\]$`),
  /^ {2}end$/,
  new RegExp(
    String.raw`^ {2,4}n\d+(?:\[${LABEL}\]|\(\[${LABEL}\]\)|\[\(${LABEL}\)\]|\[/${LABEL}/\]|\{\{${LABEL}\}\})$`,
  ),
  new RegExp(String.raw`^  n\d+ (?:-->|-- ${LABEL} -->) n\d+$`),
];

test("a node of every kind is in the text and in the flowchart, which is Mermaid [PLN-6]", () => {
  const { nodes, text, mermaid } = describePlan(everything.plan);
  expect(new Set(nodes.map(({ kind }) => kind))).toEqual(new Set(Object.keys(KINDS)));
  for (const { name } of nodes) expect(text).toMatch(new RegExp(`^ {2,4}${name}(?: |$)`, "m"));
  const lines = mermaid.split("\n");
  expect(lines.filter((line) => LINES.every((form) => !form.test(line)))).toEqual([]);
  for (const [index, { name }] of nodes.entries()) {
    const boxes = lines.filter((line) => new RegExp(String.raw`^ +n${index}\W+${name}(?:"|<br/>)`).test(line));
    expect(boxes).toHaveLength(1);
  }
  expect(mermaid).toContain("select '#34;#60;b#62;#38;#35;35;#37;#37;{init}#37;#37;#96;' as n");
});

test("stores that can be read are named, those of a processor and the sides of a join too [PLN-6]", () => {
  const { text, mermaid, stores } = describePlan(everything.plan);
  const names = stores.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(["process-1.last", "hours"]));
  for (const name of [...names, "join-1.left", "join-1.right"]) {
    expect(text).toContain(name);
    expect(mermaid).toContain(name);
  }
});

test("a pipeline describes itself, without its tasks [PLN-11]", () => {
  const { text, mermaid } = everything.describe();
  const described = describePlan(everything.plan);
  expect(text.split("\n")[0]).toBe(`Pipeline: everything (version 1, every("1 second"))`);
  expect(text).not.toContain("Task of");
  const trimmed = (all: string): string[] =>
    all
      .split("\n")
      .map((line) => line.trim())
      .filter((line) => !line.startsWith("Task of "));
  expect(trimmed(text).toSorted()).toEqual(trimmed(described.text).toSorted());
  expect(mermaid).not.toContain("subgraph");
});
