import fc from "fast-check";
import { expect, test } from "vitest";
import { every, pipeline, type Pipeline } from "../sdk/streams/index.ts";
import type { TestRecord } from "./test-record.ts";
import { TopologyTestDriver } from "./topology-test-driver.ts";

const priced = pipeline("priced", ({ stream, table }) =>
  stream<{ count: number }>("orders")
    .join(table<number>("prices", { store: "prices" }), (order, price) => order.count * price)
    .to("out"),
);

/** Sums by another key, rates of a global table: both sides go through internal topics. */
const behindTopics = pipeline("behind", ({ stream, globalTable }) => {
  const sums = stream<{ group: string; n: number }>("parts")
    .groupBy(({ group }) => group)
    .aggregate(
      () => 0,
      (sum, { n }) => sum + n,
      { store: "sums" },
    );
  stream<{ group: string }>("orders")
    .selectKey(({ group }) => group)
    .join(sums, (_, sum) => sum)
    .join(globalTable<number>("rates"), (sum, rate) => sum * rate, { key: () => "r" })
    .to("out");
});

function sent(driver: TopologyTestDriver): unknown[] {
  return driver.read("out").map(({ value }) => value);
}

test("a stream finds the rows that its table's topic held at the start, whatever the trigger [CAT-23, DRV-12]", () => {
  const history = {
    orders: [{ key: "a", value: { count: 2 } }],
    prices: [
      { key: "a", value: 5 },
      { key: "a", value: 7 },
    ],
  };
  const driver = new TopologyTestDriver(priced, { history });
  expect(sent(driver)).toEqual([14]);
  driver.pipe("prices", { key: "a", value: 10 });
  driver.pipe("orders", { key: "a", value: { count: 1 } });
  expect(sent(driver)).toEqual([10]);

  const slow: Pipeline = priced.trigger(every("1 second"));
  const batched = new TopologyTestDriver(slow, { history });
  expect(batched.store("prices").get("a")).toBe(7);
  expect(sent(batched)).toEqual([]);
  batched.advance("1 second");
  expect(sent(batched)).toEqual([14]);
});

test("a table without history lets its stream begin at once [CAT-23, DRV-12]", () => {
  const driver = new TopologyTestDriver(priced, { history: { orders: [{ key: "a", value: { count: 2 } }] } });
  expect(sent(driver)).toEqual([]);
  expect(driver.counters.recordsIn).toBeGreaterThan(0);
});

test("every record of the history is joined with the last rows, on any number of partitions [CAT-23, DRV-12]", () => {
  const part = fc.record({ group: fc.constantFrom("g", "h"), n: fc.nat(9) });
  fc.assert(
    fc.property(fc.array(part), fc.array(part), fc.integer({ min: 1, max: 3 }), (parts, orders, partitions) => {
      const records = (values: readonly object[]): TestRecord[] =>
        values.map((value, at) => ({ key: `${at}`, value, timestampMs: at }));
      const rates = [
        { key: "r", value: 2 },
        { key: "r", value: 3 },
      ];
      const driver = new TopologyTestDriver(behindTopics, {
        partitions,
        history: { orders: records(orders), parts: records(parts), rates },
      });
      const expected = orders.flatMap((order) => {
        const own = parts.filter(({ group }) => group === order.group);
        return own.length === 0 ? [] : [3 * own.reduce((sum, { n }) => sum + n, 0)];
      });
      expect((sent(driver) as number[]).toSorted((a, b) => a - b)).toEqual(expected.toSorted((a, b) => a - b));
    }),
  );
});

test("history of a topic that is not read is refused [DRV-8, DRV-12]", () => {
  expect(() => new TopologyTestDriver(priced, { history: { other: [] } })).toThrow(
    'Pipeline "priced" does not read topic "other". It reads "orders", "prices".',
  );
});
