import fc from "fast-check";
import { expect, test } from "vitest";
import { every, pipeline, tumbling } from "../sdk/streams/index.ts";
import { TopologyTestDriver } from "./topology-test-driver.ts";

interface Order {
  readonly currency: string | null;
  readonly n: number;
}

const joined = pipeline("joined", ({ stream, globalTable }) => {
  const rates = globalTable<number>("rates");
  const orders = stream<Order | null>("orders");
  const key = ({ currency }: Order): string | null => currency;
  orders.join(rates, ({ n }, rate) => ({ n, rate }), { key }).to("inner");
  orders.leftJoin(rates, ({ n }, rate) => ({ n, rate }), { key }).to("left");
});

test("a stream finds rows by any key, under its own key and time [JON-17]", () => {
  const driver = new TopologyTestDriver(joined, { partitions: 3 });
  for (const [key, value] of [
    ["EUR", 1],
    ["USD", 2],
    [null, 3],
    ["GBP", 3],
    ["GBP", null],
  ] as const)
    driver.pipe("rates", { key, value });
  const order = (key: string | null, value: Order | null): void =>
    driver.pipe("orders", { key, value, timestampMs: 5 });
  order("a", { currency: "EUR", n: 1 });
  order(null, { currency: "USD", n: 2 });
  order("b", { currency: "GBP", n: 3 });
  order("c", { currency: null, n: 4 });
  order("d", null);
  const read = (topic: string): unknown[] =>
    driver.read(topic).map(({ key, value, timestampMs }) => [key, value, timestampMs]);
  const found = [
    ["a", { n: 1, rate: 1 }, 5],
    [null, { n: 2, rate: 2 }, 5],
  ];
  expect(read("inner")).toEqual(found);
  expect(read("left")).toEqual([...found, ["b", { n: 3, rate: null }, 5], ["c", { n: 4, rate: null }, 5]]);
});

test("windows keep their keys, and joins behind one another share a topic [JON-17]", () => {
  const driver = new TopologyTestDriver(
    pipeline("chained", ({ stream, globalTable }) => {
      const [names, places] = [globalTable<string>("names"), globalTable<string>("places")];
      stream("clicks")
        .groupByKey()
        .windowedBy(tumbling({ size: 10, grace: 0 }))
        .count()
        .toStream()
        .join(names, (count, name) => ({ count, name }), { key: (_, window) => window.key })
        .join(places, (row, place, window) => [row.count, row.name, place, window.start], { key: (row) => row.name })
        .to("out");
    }),
    { partitions: 2 },
  );
  driver.pipe("names", { key: "k", value: "Ann" });
  driver.pipe("places", { key: "Ann", value: "here" });
  driver.pipe("clicks", { key: "k", value: 1, timestampMs: 25 });
  expect(driver.read("out")).toMatchObject([
    { key: { key: "k", start: 20, end: 30 }, value: [1, "Ann", "here", 20], timestampMs: 25 },
  ]);
});

const event = fc.oneof(
  fc.record({
    topic: fc.constant("rates"),
    key: fc.constantFrom("EUR", "USD"),
    value: fc.option(fc.nat(9)),
  }),
  fc.record({
    topic: fc.constant("orders"),
    key: fc.constantFrom("a", "b", "c"),
    value: fc.record({ currency: fc.constantFrom("EUR", "USD", null), n: fc.nat(9) }),
  }),
);

test("each record finds the row that came before it, whatever the partitions, triggers and crashes [JON-17]", () => {
  fc.assert(
    fc.property(
      fc.array(event, { maxLength: 40, size: "max" }),
      fc.constantFrom(1, 3),
      fc.boolean(),
      (events, partitions, batches) => {
        const driver = new TopologyTestDriver(batches ? joined.trigger(every("1 second")) : joined, { partitions });
        const rates = new Map<string, number>();
        const expected: unknown[] = [];
        for (const [index, each] of events.entries()) {
          driver.pipe(each.topic, each);
          if (batches) driver.runBatch();
          if (index % 3 === 0) driver.crash();
          if (each.topic === "orders") {
            const { currency, n } = each.value as Order;
            expected.push({ n, rate: rates.get(currency ?? "") ?? null });
          } else if (each.value === null) rates.delete(each.key);
          else rates.set(each.key, each.value as number);
        }
        expect(driver.read("left").map(({ value }) => value)).toEqual(expected);
        const found = expected.filter((row) => (row as { rate: number | null }).rate !== null);
        expect(driver.read("inner").map(({ value }) => value)).toEqual(found);
      },
    ),
    { numRuns: 60 },
  );
});
