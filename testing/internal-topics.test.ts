import fc from "fast-check";
import { expect, test } from "vitest";
import { every, pipeline, tumbling } from "../sdk/streams/index.ts";
import { TopologyTestDriver } from "./topology-test-driver.ts";

interface Order {
  readonly shop: string;
  readonly amount: number;
}

const byShop = pipeline("by-shop", ({ stream }) =>
  stream<Order>("orders")
    .selectKey(({ shop }) => shop)
    .groupByKey()
    .aggregate(
      () => 0,
      (total, { amount }) => total + amount,
      { store: "totals" },
    )
    .toStream()
    .to("totals"),
);

test("state by a changed key: over several partitions, per event and in batches, across crashes [PLN-2]", () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ key: fc.constantFrom("x", "y", "z"), shop: fc.constantFrom("a", "b"), amount: fc.nat(9) })),
      fc.constantFrom(1, 3),
      fc.boolean(),
      (orders, partitions, batches) => {
        const subject = batches ? byShop.trigger(every("1 second")) : byShop;
        const driver = new TopologyTestDriver(subject, { partitions });
        const totals = new Map<string, number>();
        for (const [index, { key, shop, amount }] of orders.entries()) {
          driver.pipe("orders", { key, value: { shop, amount } });
          if (index % 3 === 0) driver.crash();
          totals.set(shop, (totals.get(shop) ?? 0) + amount);
        }
        driver.runBatch();
        expect(
          new Map(
            driver
              .store<number>("totals")
              .all()
              .map(({ key, value }) => [key, value]),
          ),
        ).toEqual(totals);
        if (!batches) expect(driver.read("totals")).toHaveLength(orders.length);
      },
    ),
    { numRuns: 60 },
  );
});

test("a record comes out of an internal topic as it went in [ENG-21]", () => {
  const driver = new TopologyTestDriver(
    pipeline("merged", ({ stream }) => {
      const hours = stream("a")
        .groupByKey()
        .windowedBy(tumbling({ size: "1 hour", grace: 0 }))
        .count()
        .toStream()
        .filter(() => true);
      stream<unknown>("b")
        .merge(hours)
        .map((value, key) => ({ key: "out", value: [key, value] }))
        .to("out");
      stream<unknown>("b").merge(stream("c")).to("same");
    }),
  );
  driver.pipe("b", { key: "k", value: new TextEncoder().encode("12.30"), timestampMs: 5, headers: { h: "1" } });
  driver.pipe("b", { key: null, value: { a: 1 } });
  driver.pipe("b", { key: "k", value: null });
  driver.pipe("a", { key: "k", value: 1, timestampMs: 3_600_001 });
  const hour = { key: "k", start: 3_600_000, end: 7_200_000 };
  expect(driver.read("out")).toMatchObject([
    { value: ["k", 12.3], timestampMs: 5, headers: { h: "1" } },
    { value: [null, { a: 1 }] },
    { value: ["k", null] },
    { value: [hour, 1], timestampMs: 3_600_001 },
  ]);
  expect(driver.read("same").map(({ value }) => value)).toEqual([12.3, { a: 1 }, null]);
});

test("a dead letter behind an internal topic is the record as it was sent there [TSK-4]", () => {
  const driver = new TopologyTestDriver(
    pipeline("strict", ({ stream }) =>
      stream<Order>("orders")
        .selectKey(({ shop }) => shop)
        .groupByKey()
        .reduce(() => {
          throw new Error("no");
        }),
    ),
  );
  driver.pipe(
    "orders",
    [1, 2].map((amount) => ({ key: "x", value: { shop: "a", amount } })),
  );
  expect(driver.deadLetters).toMatchObject([
    { key: "a", value: { shop: "a", amount: 2 }, error: "no", node: "reduce-1" },
  ]);
});

const hourly = pipeline("hourly", ({ stream }) =>
  stream("a")
    .selectKey(() => "all")
    .groupByKey()
    .windowedBy(tumbling({ size: "1 hour", grace: 0 }))
    .count({ store: "hours" }),
);
const HOUR = 3_600_000;

test("a partition that is behind holds time back, so that nothing of it is late [ENG-20, ENG-22]", () => {
  const driver = new TopologyTestDriver(hourly, { partitions: 2 });
  const at = (partition: number, timestampMs: number): void => driver.pipe("a", { value: 1, partition, timestampMs });
  at(0, HOUR / 2);
  at(0, 5 * HOUR);
  // Of partition 1 nothing is known yet, then that it has come to the first hour.
  at(1, HOUR / 2);
  at(1, HOUR / 2 + 1);
  expect(driver.counters.lateRecords).toBe(0);
  at(1, 6 * HOUR);
  at(0, 6 * HOUR);
  at(0, HOUR / 2);
  expect(driver.counters.lateRecords).toBe(1);
  expect(
    driver
      .store<number>("hours")
      .windows("all")
      .map(({ value }) => value),
  ).toEqual([3, 1, 2]);
});

test("tasks between that get no record pass on how far those before them have come [ENG-22]", () => {
  const relayed = pipeline("relayed", ({ stream }) =>
    stream("a")
      .repartition({ partitions: 4 })
      .selectKey(() => "all")
      .groupByKey()
      .windowedBy(tumbling({ size: "1 hour", grace: 0 }))
      .count({ store: "hours" }),
  );
  const driver = new TopologyTestDriver(relayed);
  const at = (timestampMs: number): void => driver.pipe("a", { key: "k", value: 1, timestampMs });
  at(5 * HOUR);
  at(HOUR / 2);
  expect(driver.counters.lateRecords).toBe(1);
});

test("one upstream alone holds nothing back [ENG-20]", () => {
  const driver = new TopologyTestDriver(hourly);
  driver.pipe(
    "a",
    [5 * HOUR, HOUR / 2].map((timestampMs) => ({ value: 1, timestampMs })),
  );
  expect(driver.counters.lateRecords).toBe(1);
});

test("a topic that is not one of the pipeline's is refused with those it reads [DRV-8]", () => {
  const driver = new TopologyTestDriver(pipeline("p", ({ stream }) => stream("a").merge(stream("b")).to("out")));
  expect(() => driver.pipe("c", { value: 1 })).toThrow('It reads "a", "b".');
});
