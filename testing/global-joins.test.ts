import { expect, test } from "vitest";
import { pipeline, tumbling } from "../sdk/streams/index.ts";
import { TopologyTestDriver } from "./topology-test-driver.ts";
import { type Order, joined } from "./test/orders-and-rates.ts";

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
