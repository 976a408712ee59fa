import { expect, test } from "vitest";
import {
  batchSql,
  count,
  every,
  onClose,
  pipeline,
  type PipelineBuilder,
  session,
  sliding,
  tumbling,
  untilTimeLimit,
} from "../sdk/streams/index.ts";
import type { TestRecord } from "./test-record.ts";
import { TopologyTestDriver } from "./topology-test-driver.ts";

interface Order {
  readonly amount: number;
}

function driverOf(define: (builder: PipelineBuilder) => unknown, partitions = 1): TopologyTestDriver {
  return new TopologyTestDriver(pipeline("p", define).trigger(every("1 second")), { partitions });
}

function order(key: string | null, amount: number, timestampMs = 0): TestRecord {
  return { key, value: { amount }, timestampMs };
}

function sent(driver: TopologyTestDriver): unknown[] {
  return driver.read("out").map(({ key, value, timestampMs }) => [key, value, timestampMs]);
}

test("mapBatch gets the records that reached it, whole and in order [MIB-1]", () => {
  const driver = driverOf(({ stream }) =>
    stream<Order>("orders")
      .filter(({ amount }) => amount > 1)
      .mapBatch<unknown>((orders, { batchId, nowMs, partition }) => [
        { key: "batch", value: [batchId, nowMs, partition] },
        { value: orders.map(({ key, value, timestampMs, offset }) => [key, value.amount, timestampMs, offset]) },
      ])
      .to("out"),
  );
  driver.pipe("orders", [order("a", 2, 7), order("b", 1, 9), order("a", 3, 5)]);
  driver.runBatch();
  driver.pipe("orders", order("c", 4, 1));
  driver.crash();
  driver.runBatch();
  const { nowMs } = driver;
  expect(sent(driver)).toEqual([
    ["batch", [0, nowMs, 0], 7],
    [
      null,
      [
        ["a", 2, 7, 0],
        ["a", 3, 5, 2],
      ],
      7,
    ],
    ["batch", [1, nowMs, 0], 1],
    [null, [["c", 4, 1, 3]], 1],
  ]);
});

test("a batch whose function throws is dead letters, and nothing of it stays [MIB-2]", () => {
  const driver = driverOf(({ stream }) => {
    const orders = stream<Order>("orders");
    orders
      .mapBatch((batch) => {
        if (batch.length > 1) throw new Error("too many");
        return batch.map(({ value }) => ({ value }));
      })
      .to("out");
    orders.groupByKey().count({ store: "counts" });
  });
  driver.pipe("orders", [order("a", 1), order("b", 2)]);
  driver.runBatch();
  driver.pipe("orders", order("a", 3));
  driver.runBatch();
  expect(driver.read("out").map(({ value }) => value)).toEqual([{ amount: 3 }]);
  expect(driver.deadLetters).toMatchObject([
    { key: "a", value: { amount: 1 }, error: "too many", node: "mapBatch-1" },
    { key: "b", value: { amount: 2 }, error: "too many", node: "mapBatch-1" },
  ]);
  expect(driver.store("counts").get("a")).toBe(2);
});

test("batchSql joins the batch with a table that has it in it already [MIB-3]", () => {
  const driver = driverOf(({ stream }) => {
    const orders = stream<Order>("orders");
    const totals = orders.groupByKey().aggregate(
      () => 0,
      (total, { amount }) => total + amount,
      { store: "order-totals" },
    );
    orders
      .batchSql(batchSql`
        with spent as (select key, sum(value ->> 'amount') as amount, max(timestamp) as at from batch group by key)
        select spent.key, spent.at as timestamp, amount, t.value as total, rank() over (order by amount desc) as place
        from spent join ${totals} as t on t.key = spent.key
        where amount > ${1} order by place`)
      .to("out");
  });
  driver.pipe("orders", [order("a", 2, 5), order("b", 1), order("a", 3, 4), order("c'\"", 2.5, 9)]);
  driver.runBatch();
  driver.pipe("orders", order("a", 10, 6));
  driver.runBatch();
  expect(sent(driver)).toEqual([
    ["a", { amount: 5, total: 5, place: 1 }, 5],
    ["c'\"", { amount: 2.5, total: 2.5, place: 2 }, 9],
    ["a", { amount: 10, total: 15, place: 1 }, 6],
  ]);
});

test("values keep their text in a query, and a wrong column is the batch's error [MIB-2, MIB-3]", () => {
  const driver = driverOf(({ stream }) => {
    stream("orders")
      .batchSql(batchSql`select key, value, "offset" from batch where value <> ${"12.3"}`)
      .to("out");
    stream("orders")
      .batchSql(batchSql`select 1 as key from batch`)
      .to("bad");
  });
  driver.pipe("orders", { key: "a", value: new TextEncoder().encode('{"n": 12.30, "s": "é\\"?1"}') });
  driver.runBatch();
  expect(sent(driver)).toEqual([["a", { value: '{"n":12.30,"s":"é\\"?1"}', offset: 0 }, expect.anything()]]);
  expect(driver.deadLetters).toMatchObject([{ error: "batchSql-2: column key holds number; cast it to TEXT" }]);
});

test("a query may read windows [MIB-3]", () => {
  const driver = driverOf(({ stream }) => {
    const orders = stream<Order>("orders");
    const hours = orders
      .groupByKey()
      .windowedBy(tumbling({ size: "10 ms", grace: 0 }))
      .count({ store: "hours" });
    orders.batchSql(batchSql`select start, sum(value) as orders from ${hours} group by start order by start`).to("out");
  });
  driver.pipe("orders", [order("a", 1, 5), order("b", 1, 7), order("a", 1, 12)]);
  driver.runBatch();
  expect(driver.read("out").map(({ value }) => value)).toEqual([
    { start: 0, orders: 2 },
    { start: 10, orders: 1 },
  ]);
});

test("complete sends the whole table with every batch [MIB-4]", () => {
  const driver = driverOf(({ stream }) => {
    const orders = stream<Order>("orders").groupByKey();
    orders.count().complete().to("out");
    orders
      .windowedBy(tumbling({ size: "10 ms", grace: 0 }))
      .count()
      .complete()
      .to("hours");
  });
  driver.pipe("orders", [order("a", 1, 5), order("b", 1, 12)]);
  driver.runBatch();
  driver.pipe("orders", order("b", 1, 13));
  driver.runBatch();
  expect(driver.read("out").map(({ key, value }) => [key, value])).toEqual([
    ["a", 1],
    ["b", 1],
    ["a", 1],
    ["b", 2],
  ]);
  expect(driver.read("hours").map(({ key, value }) => [key, value])).toEqual([
    [{ key: "a", start: 0, end: 10 }, 1],
    [{ key: "b", start: 10, end: 20 }, 1],
    [{ key: "a", start: 0, end: 10 }, 1],
    [{ key: "b", start: 10, end: 20 }, 2],
  ]);
});

test("complete of sessions and sliding windows goes by key, then time, with what the batch changed [MIB-4]", () => {
  const driver = driverOf(({ stream }) => {
    const orders = stream<Order>("orders").groupByKey();
    orders
      .windowedBy(session({ gap: "5 ms", grace: "1 second" }))
      .aggregate({ orders: count() })
      .complete()
      .to("sessions");
    orders
      .windowedBy(sliding({ difference: "5 ms", grace: "1 second" }))
      .count()
      .complete()
      .to("sliding");
  });
  driver.pipe("orders", [order("b", 1, 3), order("a", 1, 20), order("a", 1, 2)]);
  driver.runBatch();
  driver.crash();
  driver.pipe("orders", order("a", 1, 6));
  driver.runBatch();
  expect(driver.read("sessions").map(({ key, value }) => [key, value])).toEqual([
    [{ key: "a", start: 2, end: 2 }, { orders: 1 }],
    [{ key: "a", start: 20, end: 20 }, { orders: 1 }],
    [{ key: "b", start: 3, end: 3 }, { orders: 1 }],
    [{ key: "a", start: 2, end: 6 }, { orders: 2 }],
    [{ key: "a", start: 20, end: 20 }, { orders: 1 }],
    [{ key: "b", start: 3, end: 3 }, { orders: 1 }],
  ]);
  expect(
    driver
      .read("sliding")
      .slice(3)
      .map(({ key, value }) => [key, value]),
  ).toEqual([
    [{ key: "a", start: 0, end: 5 }, 1],
    [{ key: "a", start: 1, end: 6 }, 2],
    [{ key: "a", start: 3, end: 8 }, 1],
    [{ key: "a", start: 15, end: 20 }, 1],
    [{ key: "b", start: 0, end: 5 }, 1],
  ]);
});

test("after the empty batch that follows a watermark complete sends only what changed [MIB-8]", () => {
  const closing = (close: boolean): TopologyTestDriver =>
    driverOf(({ stream }) => {
      const windows = stream<Order>("orders")
        .withWatermark(0, { moves: "everyBatch" })
        .groupByKey()
        .windowedBy(tumbling({ size: "10 ms", grace: 0 }));
      if (!close) windows.count().complete().to("out");
      else
        windows
          .emit(onClose())
          .count()
          .toStream()
          .unwindow((orders) => orders)
          .toTable()
          .complete()
          .to("out");
    });
  const [changed, unchanged] = [closing(true), closing(false)];
  for (const driver of [changed, unchanged]) {
    driver.pipe("orders", [order("a", 1, 5), order("a", 1, 25)]);
    driver.runBatch();
  }
  expect(sent(changed)).toEqual([["a", 1, 9]]);
  expect(sent(unchanged)).toHaveLength(2);
});

test("batchSql reads sessions and sliding windows with their bounds [MIB-3]", () => {
  const driver = driverOf(({ stream }) => {
    const orders = stream<Order>("orders");
    const grouped = orders.groupByKey();
    const visits = grouped.windowedBy(session({ gap: "5 ms", grace: 0 })).count({ store: "visits" });
    const recent = grouped.windowedBy(sliding({ difference: "5 ms", grace: 0 })).count({ store: "recent" });
    orders.batchSql(batchSql`select key, start, "end", value from ${visits} order by key`).to("visits");
    orders.batchSql(batchSql`select key, start, "end" as until, value from ${recent} order by key, start`).to("recent");
  });
  driver.pipe("orders", [order("a", 1, 5), order("b", 1, 7), order("a", 1, 9)]);
  driver.runBatch();
  expect(driver.read("visits").map(({ key, value }) => [key, value])).toEqual([
    ["a", { start: 5, end: 9, value: 2 }],
    ["b", { start: 7, end: 7, value: 1 }],
  ]);
  expect(driver.read("recent").map(({ key, value }) => [key, value])).toEqual([
    ["a", { start: 0, until: 5, value: 1 }],
    ["a", { start: 4, until: 9, value: 2 }],
    ["a", { start: 6, until: 11, value: 1 }],
    ["b", { start: 2, until: 7, value: 1 }],
  ]);
});

test("coalesce brings all records into one batch [MIB-1]", () => {
  const driver = driverOf(
    ({ stream }) =>
      stream<Order>("orders")
        .coalesce()
        .mapBatch((orders) => [{ value: orders.length }])
        .to("out"),
    3,
  );
  driver.pipe(
    "orders",
    ["a", "b", "c", "d"].map((key) => order(key, 1)),
  );
  driver.runBatch();
  expect(driver.read("out").map(({ value }) => value)).toEqual([4]);
});

test.each<[wrong: string, define: (builder: PipelineBuilder) => unknown, message: string]>([
  ["a query that is none", ({ stream }) => stream("in").batchSql(batchSql`delete from batch`), "is not one SELECT"],
  ["two queries", ({ stream }) => stream("in").batchSql(batchSql`select 1; select 2`), "is not one SELECT"],
  [
    "a store that lies elsewhere",
    ({ stream }) => {
      const other = stream("other").groupByKey().count({ store: "others" });
      stream("in").batchSql(batchSql`select * from ${other}`);
    },
    'reads store "others", which is not in its task',
  ],
  [
    "all rows of what is held back",
    ({ stream }) => stream("in").groupByKey().count().suppress(untilTimeLimit(5), { store: "held" }).complete(),
    'sends all rows of "held", which is no store of a table',
  ],
  [
    "a store of states that are not results",
    ({ stream }) => {
      const totals = stream("in").groupByKey().aggregate({ orders: count() }, { store: "totals" });
      stream("in").batchSql(batchSql`select * from ${totals}`);
    },
    'reads store "totals", which holds states of aggregators',
  ],
])("%s is refused [MIB-5]", (_wrong, define, message) => {
  expect(() => driverOf(define)).toThrow(message);
});

test("forEachBatch is to be called with the records of each batch that reached it [MIB-6]", () => {
  const driver = driverOf(({ stream }) =>
    stream<Order>("orders")
      .filter(({ amount }) => amount > 1)
      .forEachBatch(async () => {}),
  );
  driver.pipe("orders", [order("a", 1), order("b", 2)]);
  driver.runBatch();
  driver.pipe("orders", order("c", 3));
  driver.runBatch();
  expect(driver.forEachBatchCalls.map((records) => records.map(({ key }) => key))).toEqual([["b"], ["c"]]);
});

test("nodes over batches need a trigger that makes them [MIB-5]", () => {
  const perEvent = pipeline("p", ({ stream }) =>
    stream("in")
      .mapBatch(() => [])
      .to("out"),
  );
  expect(() => new TopologyTestDriver(perEvent)).toThrow("works on micro-batches, and the pipeline runs per event");
});
