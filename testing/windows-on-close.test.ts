import { expect, test } from "vitest";
import { cumulative, onClose, pipeline, tumbling } from "../sdk/streams/index.ts";
import { driven, shown } from "./test/windowed-run.ts";
import { TopologyTestDriver } from "./topology-test-driver.ts";
import { finals, hops } from "./test/closing-windows.ts";

test("cumulative windows come in the order of their ends, and what closed stays readable [WIN-10]", () => {
  const driver = driven(finals(cumulative({ size: 6, step: 2, grace: 1 })), [
    ["b", "x", 1],
    ["a", "y", 3],
    ["a", "z", 7],
  ]);
  expect(shown(driver)).toEqual(["b@0-2 x (1)", "a@0-4 y (3)", "b@0-4 x (1)", "a@0-6 y (3)", "b@0-6 x (1)"]);
  expect(driver.store("windows").windows("b")).toMatchObject([{ end: 2 }, { end: 4 }, { end: 6 }]);
});

test("a result that a node behind throws on is a dead letter alone, and comes no second time [WIN-10]", () => {
  const driver = driven(
    pipeline("strict", ({ stream }) =>
      stream<string>("in")
        .groupByKey()
        .windowedBy(tumbling({ size: 10, grace: 0 }))
        .emit(onClose())
        .reduce((text, value) => text + value)
        .toStream()
        .peek((text) => {
          if (text === "bad") throw new Error("no");
        })
        .to("out"),
    ),
    [
      ["a", "bad", 1],
      ["b", "good", 2],
      ["b", "next", 12],
      ["b", "last", 20],
    ],
  );
  expect(shown(driver)).toEqual(["b@0-10 good (2)", "b@10-20 next (12)"]);
  expect(driver.deadLetters).toMatchObject([{ value: "bad", error: "no", timestampMs: 1 }]);
});

test("what a record let close is undone with it, and comes with the next [WIN-10]", () => {
  const driver = driven(
    pipeline("undone", ({ stream }) => {
      const values = stream<string>("in");
      values
        .groupByKey()
        .windowedBy(tumbling({ size: 10, grace: 0 }))
        .emit(onClose())
        .count()
        .to("out");
      values.foreach((value) => {
        if (value === "bad") throw new Error("no");
      });
    }),
    [
      ["a", "x", 1],
      ["a", "bad", 100],
      ["a", "y", 5],
      ["b", "z", 30],
    ],
  );
  expect(shown(driver)).toEqual(["a@0-10 2 (5)"]);
});

test("over several partitions, time that moves without a record closes windows [WIN-10, ENG-20]", () => {
  const subject = pipeline("all", ({ stream }) =>
    stream("in")
      .selectKey((_value, key) => `${key}`)
      .groupByKey()
      .windowedBy(tumbling({ size: 10, grace: 0 }))
      .emit(onClose())
      .count()
      .to("out"),
  );
  const driver = new TopologyTestDriver(subject, { partitions: 2 });
  const at = (partition: number, timestampMs: number, key: string): void =>
    driver.pipe("in", { key, value: 1, partition, timestampMs });
  at(0, 5, "a");
  at(0, 40, "a");
  expect(driver.read("out")).toEqual([]);
  // Nothing for the window's own partition: the word of its progress is enough.
  at(1, 25, "b");
  driver.crash();
  at(1, 26, "b");
  expect(shown(driver)).toEqual(["a@0-10 1 (5)"]);
});

test("late records are counted and can be read, with the window that they missed [WIN-11]", () => {
  const late = pipeline("late", ({ stream }) => {
    const table = stream<string>("in").groupByKey().windowedBy(hops).count({ store: "windows" });
    table.late().to("late");
    table
      .late()
      .mapValues((value, key, { headers }) => [key, value, ...headers.map((each) => each.key)])
      .to("headers");
  });
  const driver = driven(late, [
    ["a", "x", 20],
    ["a", "partly", 15],
    ["a", "y", 10],
  ]);
  expect(driver.counters).toMatchObject({ lateRecords: 2 });
  expect(driver.read("late")).toMatchObject([
    {
      key: "a",
      value: "y",
      timestampMs: 10,
      headers: { "millrace.window-start": "9", "millrace.window-end": "15", "millrace.stream-time": "20" },
    },
  ]);
  expect(driver.read("headers")).toMatchObject([
    { value: ["a", "y", "millrace.window-start", "millrace.window-end", "millrace.stream-time"] },
  ]);
});

test("late records of an aggregate behind an internal topic go on from there [WIN-11]", () => {
  const driver = driven(
    pipeline("late", ({ stream }) =>
      stream<string>("in")
        .selectKey((value) => value)
        .groupByKey()
        .windowedBy(tumbling({ size: 10, grace: 0 }))
        .count()
        .late()
        .groupByKey()
        .count({ store: "late" })
        .to("out"),
    ),
    [
      ["k", "a", 20],
      ["k", "a", 1],
      ["k", "b", 2],
      ["k", "a", 3],
    ],
  );
  expect(shown(driver)).toEqual(["a 1 (1)", "b 1 (2)", "a 2 (3)"]);
});
