import { expect, test } from "vitest";
import {
  d1,
  every,
  hopping,
  perEvent,
  pipeline,
  type PipelineBuilder,
  r2,
  topic,
  tumbling,
} from "../sdk/streams/index.ts";
import type { TestRecord } from "./test-record.ts";
import { TopologyTestDriver } from "./topology-test-driver.ts";

interface Order {
  readonly shop: string;
  readonly amount: number;
}

function order(shop: string, amount: number, timestampMs?: number): TestRecord {
  return { key: shop, value: { shop, amount }, timestampMs };
}

const totals = pipeline("totals", ({ stream }) =>
  stream<Order>("orders")
    .groupByKey()
    .aggregate(
      () => 0,
      (total, { amount }) => total + amount,
      { store: "totals" },
    )
    .to("totals"),
);

test("records go in as JSON and come out with key, value, time and headers [DRV-1]", () => {
  const driver = new TopologyTestDriver(
    pipeline("large", ({ stream }) =>
      stream<Order>("orders")
        .filter(({ amount }) => amount > 10)
        .mapValues(({ amount }, key, context) => ({
          key,
          amount,
          context: { ...context, headers: context.headers.length },
        }))
        .to("large"),
    ),
  );
  driver.pipe("orders", [
    { key: "a", value: { amount: 5 }, timestampMs: 1 },
    { key: "b", value: { amount: 50 }, timestampMs: 2, headers: { from: "web" } },
  ]);
  expect(driver.read("large")).toEqual([
    {
      key: "b",
      value: {
        key: "b",
        amount: 50,
        context: { timestampMs: 2, offset: 1, topic: "orders", partition: 0, headers: 1 },
      },
      timestampMs: 2,
      headers: { from: "web" },
    },
  ]);
  expect(driver.read("large")).toEqual([]);
});

test("all operators run [DRV-1]", () => {
  const define = ({ stream }: PipelineBuilder): void => {
    const lines = stream("lines", { format: "text" });
    lines
      .flatMap((line, key) => line.split(" ").map((value) => ({ key, value })))
      .to(topic("words", { format: "text" }));
    lines.map((line, key) => ({ key: line, value: key })).to("swapped");
    lines.selectKey((line) => line.slice(0, 1)).to("initials");
    lines
      .groupByKey()
      .reduce((longest, line) => (line.length > longest.length ? line : longest))
      .to("longest");
    lines.toTable({ store: "latest" }).toStream().to("latest");
  };
  const driver = new TopologyTestDriver(pipeline("all", define));
  driver.pipe("lines", { key: "k", value: "to be" });
  driver.pipe("lines", { key: "k", value: "or" });
  const read = (name: string): unknown[] => driver.read(name).map(({ key, value }) => [key, value]);
  expect(read("words")).toEqual([
    ["k", "to"],
    ["k", "be"],
    ["k", "or"],
  ]);
  expect(read("swapped")).toEqual([
    ["to be", "k"],
    ["or", "k"],
  ]);
  expect(read("initials")).toEqual([
    ["t", "to be"],
    ["o", "or"],
  ]);
  expect(read("longest")).toEqual([
    ["k", "to be"],
    ["k", "to be"],
  ]);
  expect(read("latest")).toEqual([
    ["k", "to be"],
    ["k", "or"],
  ]);
  expect(driver.store("latest").get("k")).toBe("or");
});

test("windows come out of topics and stores with start and end [DRV-1, DRV-4]", () => {
  const driver = new TopologyTestDriver(
    pipeline("hops", ({ stream }) =>
      stream("orders")
        .groupByKey()
        .windowedBy(hopping({ size: "10 ms", advance: "5 ms", grace: 0 }))
        .count({ store: "hops" })
        .to("hops"),
    ),
  );
  driver.pipe("orders", [order("a", 1, 7), order("b", 1, 12)]);
  expect(driver.read("hops").map(({ key, value }) => [key, value])).toEqual([
    [{ key: "a", start: 0, end: 10 }, 1],
    [{ key: "a", start: 5, end: 15 }, 1],
    [{ key: "b", start: 5, end: 15 }, 1],
    [{ key: "b", start: 10, end: 20 }, 1],
  ]);
  const hops = driver.store<number>("hops");
  expect(hops.windows("a")).toEqual([
    { key: "a", start: 0, end: 10, value: 1, timestampMs: 7 },
    { key: "a", start: 5, end: 15, value: 1, timestampMs: 7 },
  ]);
  expect(hops.all().map(({ key, start }) => `${key}${start}`)).toEqual(["a0", "a5", "b5", "b10"]);
  expect(() => hops.get("a")).toThrow("Ask for windows(key)");
});

test("a late record is counted and dropped [DRV-1]", () => {
  const driver = new TopologyTestDriver(
    pipeline("late", ({ stream }) =>
      stream("orders")
        .groupByKey()
        .windowedBy(tumbling({ size: "10 ms", grace: "5 ms" }))
        .count({ store: "counts" }),
    ),
  );
  driver.pipe("orders", [order("a", 1, 3), order("a", 1, 14), order("a", 1, 4), order("a", 1, 15), order("a", 1, 5)]);
  expect(driver.counters).toMatchObject({ recordsIn: 5, lateRecords: 1 });
  expect(
    driver
      .store("counts")
      .windows("a")
      .map(({ value }) => value),
  ).toEqual([2, 2]);
});

test("every(…) runs when the clock comes to it, and sends a key once [DRV-2]", () => {
  const driver = new TopologyTestDriver(totals.trigger(every("2 seconds")), { nowMs: 1_000 });
  driver.pipe("orders", [order("a", 1), order("b", 2), order("a", 3)]);
  driver.advance("1 second");
  driver.pipe("orders", order("b", 5));
  expect(driver.read("totals")).toEqual([]);
  driver.advance("1 second");
  expect(driver.nowMs).toBe(3_000);
  expect(driver.read("totals").map(({ key, value }) => [key, value])).toEqual([
    ["a", 4],
    ["b", 7],
  ]);
  driver.advance("1 hour");
  expect(driver.read("totals")).toEqual([]);
  driver.pipe("orders", order("a", 1));
  driver.advance("2 seconds");
  expect(driver.read("totals").map(({ timestampMs }) => timestampMs)).toEqual([3_603_000]);
});

test("runBatch runs at once what waits [DRV-2]", () => {
  const driver = new TopologyTestDriver(totals.trigger(every("1 hour")));
  driver.pipe("orders", [order("a", 1), order("a", 2)]);
  expect(driver.runBatch()).toBe(2);
  expect(driver.runBatch()).toBe(0);
  expect(driver.read("totals")).toHaveLength(1);
});

test("D1 rows are upserts by primary key, in its order [DRV-3]", () => {
  const driver = new TopologyTestDriver(
    pipeline("rows", ({ stream }) =>
      stream<Order>("orders").to(d1("orders", { columns: { amount: "REAL", shop: "TEXT" }, primaryKey: ["shop"] })),
    ),
  );
  driver.pipe("orders", [order("b", 1), order("a", 2), order("b", 3.5)]);
  expect(driver.rows("orders")).toEqual([
    { shop: "a", amount: 2 },
    { shop: "b", amount: 3.5 },
  ]);
});

test("R2 files hold values by path [DRV-3]", () => {
  const driver = new TopologyTestDriver(
    pipeline("files", ({ stream }) => {
      const orders = stream<Order>("orders");
      orders.to(r2("orders"));
      orders.to(r2("shops", { path: ({ shop }) => shop }));
    }),
  );
  driver.pipe("orders", [order("a", 1, 0), order("b", 2, 86_400_000)]);
  driver.pipe("orders", order("a", 3, 1));
  expect([...driver.files("orders")]).toEqual([
    ["1970-01-01", [order("a", 1).value, order("a", 3).value]],
    ["1970-01-02", [order("b", 2).value]],
  ]);
  expect([...driver.files("shops").keys()]).toEqual(["a", "b"]);
});

test("what user code throws on is a dead letter, and nothing of it stays [DRV-5]", () => {
  const driver = new TopologyTestDriver(
    pipeline("strict", ({ stream }) => {
      const orders = stream<Order>("orders");
      orders.groupByKey().count({ store: "counts" });
      orders
        .filter(({ amount }) => {
          if (amount < 0) throw new Error("a negative amount");
          return true;
        })
        .to("good");
    }),
  );
  driver.pipe("orders", [order("a", 1), order("a", -1), { key: "a", value: new TextEncoder().encode("{") }]);
  expect(driver.deadLetters).toMatchObject([
    { key: "a", value: { shop: "a", amount: -1 }, error: "a negative amount", node: "filter-1" },
    { key: "a", value: "{", error: expect.stringContaining("not JSON") },
  ]);
  expect(driver.deadLetters[0]?.headers).toMatchObject({ "millrace.pipeline": "strict", "millrace.offset": "1" });
  expect(driver.read("good")).toHaveLength(1);
  expect(driver.store("counts").get("a")).toBe(1);
  expect(driver.counters).toMatchObject({ recordsIn: 3, deadLetters: 2 });
});

test("records without a key are dropped by state and counted [DRV-5]", () => {
  const driver = new TopologyTestDriver(totals);
  driver.pipe("orders", { value: { amount: 1 } });
  expect(driver.counters).toMatchObject({ recordsIn: 1, droppedRecords: 1, deadLetters: 0 });
});

test.each([totals, totals.trigger(every("1 second"))])(
  "a crash between any two steps changes nothing [DRV-6]",
  (subject) => {
    const run = (between: (driver: TopologyTestDriver) => void): unknown => {
      const driver = new TopologyTestDriver(subject);
      for (let index = 0; index < 20; index++) {
        driver.pipe("orders", index === 7 ? { key: "s1", value: null } : order(`s${index % 3}`, index));
        between(driver);
        driver.advance("300 ms");
        between(driver);
      }
      driver.runBatch();
      return [
        driver.read("totals"),
        driver.store("totals").all(),
        driver.counters,
        driver.deadLetters.map(({ key }) => key),
      ];
    };
    expect(run((driver) => driver.crash())).toEqual(run(() => undefined));
  },
);

test("keys keep to their partition, and stores are read over all [DRV-7]", () => {
  const driver = new TopologyTestDriver(
    pipeline("places", ({ stream }) => {
      const orders = stream("orders");
      orders.mapValues((_value, _key, context) => context.partition).to("places");
      orders.groupByKey().count({ store: "counts" });
    }),
    { partitions: 4 },
  );
  const shops = Array.from({ length: 40 }, (_, index) => `s${index % 20}`);
  driver.pipe(
    "orders",
    shops.map((shop) => order(shop, 1)),
  );
  const places = driver.read<number>("places");
  expect(new Set(places.map(({ value }) => value))).toEqual(new Set([0, 1, 2, 3]));
  expect(new Set(places.map(({ key, value }) => `${JSON.stringify(key)} ${value}`)).size).toBe(20);
  expect(
    driver
      .store("counts")
      .all()
      .map(({ value }) => value),
  ).toEqual(Array.from({ length: 20 }, () => 2));
  expect(driver.counters.recordsIn).toBe(40);
  driver.pipe("orders", { key: "s0", value: 1, partition: 3 });
  expect(driver.read("places")).toMatchObject([{ value: 3 }]);
});

test("rows written are those of state and outbox and one a transaction: by keys, not by records [DRV-9]", () => {
  const driver = new TopologyTestDriver(totals);
  expect(driver.rowsWritten).toBe(0);
  driver.pipe(
    "orders",
    Array.from({ length: 100 }, (_, index) => order(`s${index % 2}`, index)),
  );
  expect(driver.rowsWritten).toBe(2 + 1 + 1);
  driver.crash();
  driver.pipe("orders", order("s0", 1));
  expect(driver.rowsWritten).toBe(4 + 3);
});

test.each<[wrong: string, use: (driver: TopologyTestDriver) => unknown, message: string]>([
  ["topic read", (driver) => driver.pipe("order", order("a", 1)), `It reads "orders".`],
  ["topic written", (driver) => driver.read("total"), `It writes: "totals.dead-letters", "totals".`],
  ["table", (driver) => driver.rows("t"), `writes no table "t". It writes: none.`],
  ["prefix", (driver) => driver.files("p"), `writes no prefix "p"`],
  ["store", (driver) => driver.store("total"), `It has: "totals".`],
  ["kind of store", (driver) => driver.store("totals").windows("a"), "is not windowed"],
  ["partition", (driver) => driver.pipe("orders", { value: 1, partition: 1 }), "There is no partition 1"],
  ["value", (driver) => driver.pipe("orders", { value: undefined }), "A value of type undefined is not json"],
])("a wrong %s throws with what there is [DRV-8]", (_wrong, use, message) => {
  expect(() => use(new TopologyTestDriver(totals))).toThrow(message);
});

test("a plan that the engine refuses is refused [DRV-8]", () => {
  const looping = pipeline("looping", ({ stream }) => stream<Order>("orders").to("orders"));
  expect(() => new TopologyTestDriver(looping)).toThrow(
    `Pipeline "looping": the pipeline writes topic "orders", which it reads. That would run for ever.`,
  );
});

interface Job {
  readonly tries: number;
}

const jobs = pipeline("jobs", ({ stream }) => {
  const tried = stream<Job>("jobs").mapValues(({ tries }) => ({ tries: tries + 1 }));
  tried.filter(({ tries }) => tries < 3).to("jobs");
  tried.filter(({ tries }) => tries >= 3).to("done");
}).allowCycle();

test.each([1, 4])(
  "what it writes to a topic that it reads comes in again, until it stops (%i partitions) [DRV-13]",
  (partitions) => {
    for (const trigger of [perEvent(), every("1 second")]) {
      const driver = new TopologyTestDriver(jobs.trigger(trigger), { partitions });
      driver.pipe("jobs", [
        { key: "a", value: { tries: 0 } },
        { key: "b", value: { tries: 1 } },
        { key: "c", value: { tries: 7 } },
      ]);
      driver.advance("10 seconds");
      const done = driver.read<Job>("done").map(({ key, value }) => `${JSON.stringify(key)} ${value.tries}`);
      expect(new Set(done)).toEqual(new Set(['"a" 3', '"b" 3', '"c" 8']));
      expect(done).toHaveLength(3);
      expect(driver.read("jobs")).toHaveLength(3);
      expect(driver.counters.recordsIn).toBe(6);
    }
  },
);
