import { expect, test } from "vitest";
import { pipeline, type PipelineBuilder, tumbling, valueState, within } from "../../../sdk/streams/index.ts";
import { cutPlan } from "./cut.ts";
import { startOrder } from "./start-order.ts";

/** For each step: the topics begun, and what is drained before. */
function steps(define: (builder: PipelineBuilder) => unknown): unknown {
  const order = startOrder(cutPlan(pipeline("p", define).plan));
  return order.map(({ tasks, after }) => [tasks.map(({ input }) => input), after.map(({ input }) => input)]);
}

const pair = (left: unknown, right: unknown): unknown => [left, right];

test("topics that no table is made of begin together [CAT-23]", () => {
  expect(
    steps(({ stream }) => {
      stream("a")
        .join(stream("b"), pair, within("1 hour", { grace: 0 }))
        .to("out");
      stream("c").to("copy");
    }),
  ).toEqual([[["a", "b", "c"], []]]);
});

test("a stream begins behind its table, with what lies between them [CAT-23]", () => {
  expect(
    steps(({ stream, table }) => {
      stream("orders").join(table("prices"), pair).to("out");
      stream("other")
        .groupBy(() => "k")
        .count();
    }),
  ).toEqual([
    [["prices", "other"], []],
    [["orders"], ["prices", "__join-1"]],
  ]);
});

test("a table that is made on the way comes with all that it is made of, of versioned and global tables too [CAT-23]", () => {
  expect(
    steps(({ stream, table, globalTable }) => {
      const totals = stream("sales")
        .merge(stream("returns"))
        .groupBy(() => "k")
        .count();
      const versioned = table("prices", { versioned: { historyRetention: "1 day" } });
      stream("orders")
        .selectKey(() => "k")
        .join(totals, pair)
        .join(versioned, pair)
        .join(globalTable("rates"), pair, { key: () => "euro" })
        .to("out");
    }),
  ).toEqual([
    [["sales", "returns", "prices", "rates"], []],
    [["orders"], expect.arrayContaining(["sales", "returns", "prices", "rates", "__selectKey-1"])],
  ]);
});

test("tables of tables begin one after another [CAT-23]", () => {
  expect(
    steps(({ stream, table }) => {
      const named = stream("b").join(table("c"), pair).toTable();
      stream("a").join(named, pair).to("out");
    }),
  ).toEqual([
    [["c"], []],
    [["b"], ["c", "__join-1"]],
    [["a"], expect.arrayContaining(["c", "b", "__join-1"])],
  ]);
});

test("the rows that a processor begins with are a table of its stream [CAT-23]", () => {
  expect(
    steps(({ stream, table }) =>
      stream("a").process(
        { state: { last: valueState() }, record: () => [], initial: () => undefined },
        { initialState: table("rows") },
      ),
    ),
  ).toEqual([
    [["rows"], []],
    [["a"], ["rows", "__process-1"]],
  ]);
});

test("of two topics that are each other's table neither waits, and one that waits for both still does [CAT-23]", () => {
  expect(
    steps(({ stream, table }) => {
      const [a, b] = [table("a"), table("b")];
      a.toStream().join(b, pair).to("ab");
      b.toStream().join(a, pair).to("ba");
      stream("c").join(a, pair).join(b, pair).to("cab");
    }),
  ).toMatchObject([
    [["a", "b"], []],
    [["c"], expect.arrayContaining(["a", "b"])],
  ]);
});

test("a topic joined with a table of its own records waits for nothing [CAT-23]", () => {
  expect(
    steps(({ stream }) => {
      const orders = stream("orders");
      const counts = orders.groupByKey().count();
      orders.join(counts, pair).to("out");
      orders
        .groupBy(() => "k")
        .windowedBy(tumbling({ size: 5, grace: 0 }))
        .count();
    }),
  ).toEqual([[["orders"], []]]);
});
