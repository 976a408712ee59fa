import { expect, test } from "vitest";
import type { LookupNode, Plan } from "../../../schema/plan.ts";
import { fromD1, fromFunction, fromHttp, pipeline } from "../../../sdk/streams/index.ts";
import { checkPlan } from "./check.ts";
import { cutPlan } from "./cut.ts";
import { describePlan } from "./describe.ts";

const columns = { id: "TEXT", country: "TEXT" } as const;
const customers = fromD1("customers", { columns, key: "id" });
const key = (value: unknown): string => String(value);

function shapeOf({ plan }: { plan: Plan }): { readonly [input: string]: readonly string[] } {
  return Object.fromEntries(cutPlan(plan).tasks.map(({ input, nodes }) => [input, nodes.map(({ name }) => name)]));
}

test("a lookup ends a task, and what it found enters the next one [LKP-3]", () => {
  const looked = pipeline("p", ({ stream }) => {
    const orders = stream("orders").selectKey(() => "a");
    orders.to("copy");
    const found = orders.lookup(customers, (order) => order, { key });
    found.groupByKey().count();
    found.to("out");
  });
  expect(shapeOf(looked)).toEqual({
    orders: ["source-1", "selectKey-1", "sink-1", "lookup-1", "__lookup-1.0"],
    "__lookup-1": ["lookup-1", "count-1", "sink-2"],
  });
  expect(cutPlan(looked.plan).internalTopics).toEqual([
    { name: "__lookup-1", partitions: undefined, inputs: [{ node: "lookup-1", input: "orders" }] },
  ]);
});

test("behind what keeps state it has a task of its own; behind another lookup it needs none [LKP-3]", () => {
  const looked = pipeline("p", ({ stream }) =>
    stream("orders")
      .groupByKey()
      .count()
      .toStream()
      .lookup(customers, (count) => count, { key })
      .leftLookup(customers, (count) => count, { key })
      .to("out"),
  );
  expect(shapeOf(looked)).toEqual({
    orders: ["source-1", "count-1", "__lookup-1.asked.0"],
    "__lookup-1.asked": ["count-1", "lookup-1", "__lookup-1.0"],
    "__lookup-1": ["lookup-1", "leftLookup-1", "__leftLookup-1.0"],
    "__leftLookup-1": ["leftLookup-1", "sink-1"],
  });
});

test("what it found can be joined with another topic in the topic that it is in [LKP-3]", () => {
  const looked = pipeline("p", ({ stream, table }) =>
    stream("orders")
      .lookup(customers, (order) => order, { key })
      .join(table("prices"), (order) => order)
      .to("out"),
  );
  expect(Object.keys(shapeOf(looked))).toEqual(["orders", "prices", "__lookup-1"]);
});

test("a lookup is described with where it looks and what it keeps [PLN-6, LKP-8]", () => {
  const { plan } = pipeline("p", ({ stream }) =>
    stream("orders")
      .lookup(customers, (order) => order, { key })
      .leftLookup(fromHttp({ request: () => "https://rates.example" }), (order) => order, { key, cache: false })
      .leftLookup(
        fromFunction(async () => 1),
        (order) => order,
        { key, cache: { entries: 5, ttl: "1 hour" } },
      )
      .to("out"),
  );
  const { text, mermaid } = describePlan(plan);
  expect(text).toBe(`Pipeline: p (version 1, perEvent())
  Task of orders
    source-1 (topic orders)
    lookup-1 (inner, D1 table customers by id, 10000 kept for 1 minute) <- source-1
  Task of __lookup-1
    leftLookup-1 (left, over HTTP, not kept) <- lookup-1
  Task of __leftLookup-1
    leftLookup-2 (left, by a function, 5 kept for 1 hour) <- leftLookup-1
  Task of __leftLookup-2
    sink-1 (topic out) <- leftLookup-2`);
  expect(mermaid).toContain(`n1{{"lookup-1<br/>inner, D1 table customers by id, 10000 kept for 1 minute"}}`);
  expect(mermaid).toContain(`n1 -- "__lookup-1" --> n2`);
});

type Change = Partial<Omit<LookupNode, "source">> & { readonly source?: object };

test.each<[string, Change]>([
  ["source.table", { source: { table: "millrace_progress" } }],
  ["source.table", { source: { table: 'a"b' } }],
  ["source.binding", { source: { binding: "a b" } }],
  ["source.columns", { source: { columns: {} } }],
  ["source.columns", { source: { columns: { 'a"': "TEXT" } } }],
  ["source.columns", { source: { columns: { id: "TEXT", ID: "TEXT" } } }],
  ["source.columns.id", { source: { columns: { id: "BLOB" } } }],
  ["source.key", { source: { key: [] } }],
  ["source.key", { source: { key: ["name"] } }],
  ["source.key", { source: { key: ["id", "id"] } }],
  ["source.atMost", { source: { kind: "function", atMost: 0 } }],
  ["timeoutMs", { timeoutMs: 0 }],
  ["retries", { retries: 101 }],
  ["backoffMs", { backoffMs: 0 }],
  ["concurrency", { concurrency: 0 }],
  ["cache.entries", { cache: { entries: 0, ttlMs: 1 } }],
  ["cache.ttlMs", { cache: { entries: 1, ttlMs: 0 } }],
])("a plan is refused with a wrong %s: %o [LKP-8]", (field, change) => {
  const { plan } = pipeline("p", ({ stream }) =>
    stream("orders")
      .lookup(customers, (order) => order, { key })
      .to("out"),
  );
  expect(checkPlan(plan)).toEqual({ ok: true });
  const nodes = plan.nodes.map((node) =>
    node.kind === "lookup"
      ? ({ ...node, ...change, source: { ...node.source, ...change.source } } as LookupNode)
      : node,
  );
  expect(checkPlan({ ...plan, nodes })).toMatchObject({
    ok: false,
    code: "invalid_request",
    field: `nodes[1].${field}`,
  });
});

test("what cannot be is refused where it is written [LKP-8, DSL-7]", () => {
  expect(() => fromHttp({ request: () => "https://a.example", binding: "a b" })).toThrow('"a b" is not a binding');
  expect(() => pipeline("p", ({ stream }) => stream("a").lookup(customers, (value) => value, {} as never))).toThrow(
    "Give it: { key: (value) => … }",
  );
});
