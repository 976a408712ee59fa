import { expect, test } from "vitest";
import { pipeline, type PipelineBuilder } from "../sdk/streams/index.ts";
import { TopologyTestDriver } from "./topology-test-driver.ts";

function driverOf(define: (builder: PipelineBuilder) => unknown): TopologyTestDriver {
  return new TopologyTestDriver(pipeline("p", define));
}

test("flatMapValues keeps the key, so state needs no internal topic [STM-9]", () => {
  const driver = driverOf(({ stream }) =>
    stream<string>("in")
      .flatMapValues((line) => line.split(" "))
      .groupByKey()
      .count({ store: "words" })
      .toStream()
      .to("out"),
  );
  driver.pipe("in", { key: "a", value: "x y" });
  expect(driver.read("out").map(({ key, value }) => [key, value])).toEqual([
    ["a", 1],
    ["a", 2],
  ]);
});

test("a generator that throws late sends nothing, and text is no list [STM-9]", () => {
  const driver = driverOf(({ stream }) => {
    const lines = stream<string>("in");
    lines
      .flatMapValues(function* (line) {
        yield 1;
        if (line === "bad") throw new Error("late");
      })
      .to("numbers");
    lines.flatMapValues((line) => (line === "text" ? "text" : [])).to("letters");
  });
  driver.pipe(
    "in",
    ["good", "bad", "text"].map((value) => ({ value })),
  );
  expect(driver.read("numbers")).toHaveLength(1);
  expect(driver.deadLetters.map(({ error }) => error)).toEqual([
    "late",
    "flatMapValues-2 returned string, not an array or another iterable",
  ]);
});

test("split asks its branches in order and stops at the first that takes the record [STM-10]", () => {
  const asked: string[] = [];
  const driver = driverOf(({ stream }) => {
    const { large, even, rest } = stream<number>("in").split({
      large: (value) => (asked.push(`large ${value}`), value > 10),
      even: (value) => (asked.push(`even ${value}`), value % 2 === 0),
      rest: true,
    });
    large.to("large");
    even.merge(rest.mapValues((value) => -value)).to("others");
  });
  driver.pipe(
    "in",
    [12, 4, 5].map((value) => ({ value })),
  );
  expect(driver.read("large").map(({ value }) => value)).toEqual([12]);
  expect(driver.read("others").map(({ value }) => value)).toEqual([4, -5]);
  expect(asked).toEqual(["large 12", "large 4", "even 4", "large 5", "even 5"]);
});

test("what no branch takes is dropped, and an open branch stands last [STM-10]", () => {
  const driver = driverOf(({ stream }) =>
    stream<number>("in")
      .split({ large: (value) => value > 10 })
      .large.to("out"),
  );
  driver.pipe(
    "in",
    [1, 11].map((value) => ({ value })),
  );
  expect(driver.read("out")).toHaveLength(1);
  expect(() => driverOf(({ stream }) => stream("in").split({ all: true, never: () => true }))).toThrow("stands last");
  expect(() => driverOf(({ stream }) => stream("in").split({}))).toThrow("no branches");
});

test("peek and foreach see every record, and peek changes nothing [STM-11]", () => {
  const seen: unknown[] = [];
  const driver = driverOf(({ stream }) => {
    const peeked = stream("in").peek((value, key) => seen.push(["peek", key, value]));
    peeked.foreach((value) => seen.push(["foreach", value]));
    peeked.to("out");
  });
  driver.pipe("in", { key: "a", value: new TextEncoder().encode("12.30") });
  expect(seen).toEqual([
    ["peek", "a", 12.3],
    ["foreach", 12.3],
  ]);
  expect(driver.read("out")).toHaveLength(1);
});

test("filterNot keeps what filter drops [STM-11]", () => {
  const driver = driverOf(({ stream }) =>
    stream<number>("in")
      .filterNot((value) => value > 1)
      .to("out"),
  );
  driver.pipe(
    "in",
    [1, 2].map((value) => ({ value })),
  );
  expect(driver.read("out").map(({ value }) => value)).toEqual([1]);
});

test("merge passes on records of different topics as they arrive, those of one task in plan order [STM-12]", () => {
  const driver = driverOf(({ stream }) => {
    const ones = stream("a").merge(stream("a").mapValues(() => "copy"));
    ones.merge(stream("b")).to("out");
  });
  driver.pipe("a", { key: "k", value: 1 });
  driver.pipe("b", { key: "k", value: 2 });
  driver.pipe("a", { key: "k", value: 3 });
  expect(driver.read("out").map(({ value }) => value)).toEqual(["copy", 1, 2, "copy", 3]);
});
