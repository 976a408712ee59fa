import { expect, test } from "vitest";
import { pipeline } from "../sdk/streams/index.ts";
import type { ReadRecord } from "./test-record.ts";
import { TopologyTestDriver } from "./topology-test-driver.ts";

const pair = (left: unknown, right: unknown): unknown => [left, right];
const brief = (records: readonly ReadRecord[]): unknown[] =>
  records.map(({ key, value, timestampMs }) => [key, value, timestampMs]);

test("a row that goes has one tombstone, also where one change comes to the join on two ways [JON-12]", () => {
  const driver = new TopologyTestDriver(
    pipeline("chained", ({ table }) => {
      const [a, b] = [table("a"), table("b")];
      a.join(b, pair).join(b, pair).to("inner");
      a.join(b, pair).outerJoin(b, pair).to("outer");
    }),
  );
  driver.pipe("a", { key: "k", value: 1, timestampMs: 1 });
  driver.pipe("b", { key: "k", value: 2, timestampMs: 2 });
  expect(brief(driver.read("inner"))).toEqual(Array(2).fill(["k", [[1, 2], 2], 2]));
  driver.read("outer");
  driver.pipe("b", { key: "k", value: null, timestampMs: 3 });
  expect(brief(driver.read("inner"))).toEqual([["k", null, 3]]);
  expect(brief(driver.read("outer"))).toEqual([["k", null, 3]]);
});

test("a row that the joiner makes null is none [JON-12]", () => {
  const driver = new TopologyTestDriver(
    pipeline("filtered", ({ table }) =>
      table<number>("a")
        .join(table<number>("b"), (a, b) => (a > b ? a - b : null), { store: "more" })
        .to("out"),
    ),
  );
  driver.pipe("b", { key: "k", value: 5 });
  for (const value of [3, 7, 4, 2]) driver.pipe("a", { key: "k", value, timestampMs: value });
  expect(driver.read("out").map(({ value }) => value)).toEqual([2, null]);
  expect(driver.store("more").get("k")).toBeUndefined();
});

test("a joiner that fails on a record that has waited is that record's dead letter [JON-11]", () => {
  const driver = new TopologyTestDriver(
    pipeline("strict", ({ stream, table }) =>
      stream<number>("a")
        .join(
          table<number>("b"),
          (a, b) => {
            if (a === 1) throw new Error("one");
            return a + b;
          },
          { grace: 5 },
        )
        .to("out"),
    ),
  );
  driver.pipe("b", { key: "k", value: 10, timestampMs: 0 });
  for (const value of [0, 1, 2]) driver.pipe("a", { key: "k", value, timestampMs: value, headers: { n: `${value}` } });
  driver.crash();
  expect(driver.read("out")).toEqual([]);
  driver.pipe("b", { key: "k", value: 20, timestampMs: 50 });
  driver.pipe("a", { key: "other", value: 0, timestampMs: 100 });
  driver.pipe("a", { key: "k", value: 3, timestampMs: 3, headers: { n: "3" } });
  expect(driver.read("out")).toEqual([
    { key: "k", value: 20, timestampMs: 0, headers: {} },
    { key: "k", value: 22, timestampMs: 2, headers: {} },
    { key: "k", value: 23, timestampMs: 3, headers: { n: "3" } },
  ]);
  expect(driver.deadLetters).toMatchObject([{ key: "k", value: 1, timestampMs: 1, error: "one", node: "join-1" }]);
});

test("a stream is joined with tables of every kind: counted, mapped, joined, copied [JON-10, JON-13]", () => {
  const driver = new TopologyTestDriver(
    pipeline("tables", ({ stream, table }) => {
      const clicks = stream("clicks");
      const counts = clicks.groupByKey().count({ store: "counts" });
      const names = table<string>("names");
      names.to("copy");
      const both = names.leftJoin(counts, (name, count) => ({ name, count }));
      const asked = stream("asked");
      asked.leftJoin(counts, (_, count) => count).to("counted");
      asked
        .leftJoin(
          counts.mapValues((count) => -count),
          (_, count) => count,
        )
        .to("mapped");
      asked.leftJoin(names, (_, name) => name).to("named");
      asked.leftJoin(both, (_, row) => row).to("both");
    }),
    { partitions: 3 },
  );
  for (const key of ["x", "y", "x"]) driver.pipe("clicks", { key, value: 1 });
  driver.pipe("names", { key: "x", value: "ex" });
  driver.crash();
  for (const key of ["x", "y", "z"]) driver.pipe("asked", { key, value: 1 });
  const values = (topic: string): unknown[] => driver.read(topic).map(({ value }) => value);
  expect(values("counted")).toEqual([2, 1, null]);
  expect(values("mapped")).toEqual([-2, -1, null]);
  expect(values("named")).toEqual(["ex", null, null]);
  expect(values("both")).toEqual([{ name: "ex", count: 2 }, null, null]);
});
