import { expect, test } from "vitest";
import { every, pipeline, tumbling } from "../sdk/streams/index.ts";
import { TopologyTestDriver } from "./topology-test-driver.ts";

interface Row {
  readonly n: number;
}

const rows = pipeline("rows", ({ table }) => {
  const numbers = table<Row>("in", { store: "numbers" });
  numbers.toStream().to("out");
  numbers.toStream((row) => (row === null ? null : `n${row.n}`)).to("by-number");
});

test("a topic read as a table: rows by key, tombstones remove, keyless records are counted [TBL-2]", () => {
  const driver = new TopologyTestDriver(rows);
  driver.pipe("in", [
    { key: "a", value: { n: 1 } },
    { key: null, value: { n: 2 } },
    { key: "b", value: { n: 3 } },
    { key: "a", value: null },
    { key: "c", value: null },
    { key: "b", value: new TextEncoder().encode("{") },
  ]);
  expect(driver.read("out").map(({ key, value }) => [key, value])).toEqual([
    ["a", { n: 1 }],
    ["b", { n: 3 }],
    ["a", null],
    ["c", null],
  ]);
  expect(driver.read("by-number").map(({ key }) => key)).toEqual(["n1", "n3", null, null]);
  expect(driver.store("numbers").all()).toMatchObject([{ key: "b", value: { n: 3 } }]);
  expect(driver.counters).toMatchObject({ droppedRecords: 1, deadLetters: 1 });
});

test("a topic of text is a table of text [TBL-2]", () => {
  const subject = pipeline("lines", ({ table }) => table("in", { format: "text", store: "lines" }).to("out"));
  const driver = new TopologyTestDriver(subject.trigger(every("1 second")));
  driver.pipe("in", [
    { key: "a", value: "one" },
    { key: "a", value: "two" },
  ]);
  driver.runBatch();
  expect(driver.store("lines").get("a")).toBe("two");
  expect(driver.read("out").map(({ value }) => value)).toEqual(["two"]);
});

const strict = pipeline("strict", ({ table }) =>
  table<Row>("in", { store: "rows" })
    .mapValues(({ n }, key) => {
      if (n < 0) throw new Error("below 0");
      return `${key}${n}`;
    })
    .groupBy((text) => ({ key: text === "a7" ? (7 as unknown as string) : text.charAt(0), value: text }))
    .count({ store: "counts" }),
);

test("what a function of a table throws on leaves nothing but a dead letter [TBL-7]", () => {
  const driver = new TopologyTestDriver(strict);
  const values = [1, -1, 7, null, 2].map((n) => ({ key: "a", value: n === null ? null : { n } }));
  driver.pipe("in", values);
  expect(driver.deadLetters).toMatchObject([
    { value: { n: -1 }, error: "below 0", node: "mapValues-1" },
    { value: { n: 7 }, error: "groupBy-1 returned a key of type number; a key is text or null", node: "groupBy-1" },
  ]);
  expect(driver.store("rows").get("a")).toEqual({ n: 2 });
  expect(driver.store("counts").get("a")).toBe(1);
});

test("functions of tables are asked about what a row replaces, never about null [TBL-7]", () => {
  const asked: unknown[] = [];
  const subject = pipeline("asked", ({ table }) =>
    table<number>("in")
      .filter((n) => asked.push(["filter", n]) > 0 && n > 1)
      .mapValues((n, key) => asked.push(["map", n, key]) > 0 && n)
      .to("out"),
  );
  const driver = new TopologyTestDriver(subject);
  for (const value of [1, 2, null]) driver.pipe("in", { key: "a", value });
  expect(asked).toEqual([
    ["filter", 1],
    ["filter", 2],
    ["map", 2, "a"],
    ["filter", 2],
  ]);
});

test("windows are rows too: they can be filtered and counted in groups [TBL-3, TBL-5]", () => {
  const subject = pipeline("hours", ({ stream }) =>
    stream("in")
      .groupByKey()
      .windowedBy(tumbling({ size: 10, grace: 0 }))
      .count()
      .filter((count) => count > 1)
      .groupBy((count, window) => ({ key: `from ${window.start}`, value: count }))
      .count({ store: "busy" }),
  );
  const driver = new TopologyTestDriver(subject);
  for (const [key, timestampMs] of [
    ["a", 1],
    ["a", 2],
    ["b", 3],
    ["b", 3],
    ["a", 11],
    ["a", 12],
    ["a", 13],
  ] as const)
    driver.pipe("in", { key, value: 1, timestampMs });
  expect(driver.store("busy").all()).toMatchObject([
    { key: "from 0", value: 2 },
    { key: "from 10", value: 1 },
  ]);
});

test("windows that are let go send nothing, and stay in their groups [TBL-9]", () => {
  const subject = pipeline("kept", ({ stream }) => {
    const hours = stream("in")
      .groupByKey()
      .windowedBy(tumbling({ size: 10, grace: 0 }))
      .count({ store: "hours", retention: 20 });
    hours.to("out");
    hours.groupBy((count) => ({ key: "all", value: count })).count({ store: "windows" });
  });
  const driver = new TopologyTestDriver(subject);
  for (const timestampMs of [1, 100, 200]) driver.pipe("in", { key: "a", value: 1, timestampMs });
  expect(driver.store("hours").all()).toMatchObject([{ start: 200 }]);
  expect(driver.read("out").map(({ value }) => value)).toEqual([1, 1, 1]);
  expect(driver.store("windows").get("all")).toBe(3);
});

test("a row that failed in its micro-batch does not stop the one that replaces it [TBL-7, TSK-6]", () => {
  const checked = (n: number): number => {
    if (n < 0) throw new Error("below 0");
    return n;
  };
  const subject = pipeline("replaced", ({ table }) => {
    const rows = table<number>("in", { store: "rows" });
    const counted = (step: string, of: typeof rows): unknown =>
      of.groupBy((n) => ({ key: "all", value: n })).count({ store: step });
    counted(
      "filter",
      rows.filter((n) => checked(n) > 0),
    );
    counted("map", rows.mapValues(checked));
    rows.groupBy((n) => ({ key: "all", value: checked(n) })).count({ store: "group" });
  }).trigger(every("1 second"));
  const driver = new TopologyTestDriver(subject);
  for (const value of [-1, 5, 6]) {
    driver.pipe("in", { key: "a", value });
    driver.runBatch();
  }
  expect(driver.deadLetters.map(({ value, error }) => [value, error])).toEqual([[-1, "below 0"]]);
  for (const store of ["filter", "map", "group"]) expect([store, driver.store(store).get("all")]).toEqual([store, 1]);
});
