import { expect, test } from "vitest";
import {
  every,
  type OuterJoinOptions,
  pipeline,
  type Pipeline,
  type StreamTableJoinOptions,
  within,
} from "../sdk/streams/index.ts";
import { TopologyTestDriver } from "./topology-test-driver.ts";

const MINUTE = 60_000;

type Options = Partial<OuterJoinOptions<string, string>>;

function joined(options: Options = {}, partitions = 1): TopologyTestDriver {
  return driverOf(joinOf(options), partitions);
}

function joinOf(options: Options = {}): Pipeline {
  return pipeline("join", ({ stream }) =>
    stream<string>("left")
      .outerJoin(stream<string>("right"), (left, right) => [left, right], {
        windows: within("10 seconds", { grace: "5 seconds" }),
        ...options,
      })
      .to("out"),
  );
}

function driverOf(subject: Pipeline, partitions = 1): TopologyTestDriver {
  return new TopologyTestDriver(subject, { nowMs: 0, partitions });
}

const values = (driver: TopologyTestDriver): unknown[] => driver.read("out").map(({ value }) => value);

test("what matches nothing comes out when nothing comes, after a minute of quiet [WIN-20, DRV-10]", () => {
  const driver = joined();
  driver.pipe("left", { key: "a", value: "l1" });
  driver.advance("5 seconds");
  driver.pipe("right", { key: "b", value: "r1" });
  driver.advance(MINUTE - 1);
  expect(values(driver)).toEqual([]);
  driver.advance("5 minutes");
  expect(values(driver)).toEqual([
    ["l1", null],
    [null, "r1"],
  ]);
  expect(driver.read("out")).toEqual([]);
});

test("closeWhenIdle says after how long, or never, also in micro-batches [WIN-20]", () => {
  for (const batched of [false, true]) {
    const after = (options: Options, quiet: number): unknown[] => {
      const subject = joinOf(options);
      const driver = driverOf(batched ? subject.trigger(every("1 second")) : subject);
      driver.pipe("left", { key: "a", value: "l1" });
      driver.advance(quiet + 5_000);
      return values(driver);
    };
    // The window and the grace are over then: of two topics, one is silent until its task says that it is idle.
    expect(after({ closeWhenIdle: "2 seconds" }, 9_000)).toEqual([]);
    expect(after({ closeWhenIdle: "2 seconds" }, 16_000)).toEqual([["l1", null]]);
    expect(after({ closeWhenIdle: "never" }, 1e8)).toEqual([]);
    expect(after({ unmatched: "kafka" }, 1e8)).toEqual([]);
    expect(after({ unmatched: "kafka", closeWhenIdle: "1 minute" }, 90_000)).toEqual([["l1", null]]);
  }
});

test("records that wait for the row of a table are joined when nothing comes [WIN-20]", () => {
  const joinedWith = (options: StreamTableJoinOptions): TopologyTestDriver =>
    driverOf(
      pipeline("rows", ({ stream, table }) =>
        stream<string>("orders")
          .leftJoin(table<string>("names"), (order, name) => [order, name], options)
          .to("out"),
      ),
    );
  const driver = joinedWith({ grace: "10 seconds" });
  driver.pipe("orders", { key: "a", value: "o1" });
  driver.advance("20 seconds");
  driver.pipe("names", { key: "a", value: "n1" });
  expect(values(driver)).toEqual([]);
  driver.advance("3 minutes");
  expect(values(driver)).toEqual([["o1", "n1"]]);
  const never = joinedWith({ grace: "10 seconds", closeWhenIdle: "never" });
  never.pipe("orders", { key: "a", value: "o1" });
  never.advance("1 day");
  expect(values(never)).toEqual([]);
});

test("a join in which nothing waits takes no closeWhenIdle [PLN-10]", () => {
  expect(() => joined({ unmatched: "eager", closeWhenIdle: "1 second" })).toThrow("nothing waits for time");
  expect(() => joined({ closeWhenIdle: 0 })).toThrow('Use a time above 0, or "never".');
});

test("a crash before the quiet changes nothing, over several partitions [WIN-20, DRV-6]", () => {
  const outcome = (crash: boolean): unknown[] => {
    const driver = joined({ closeWhenIdle: "2 seconds" }, 3);
    for (const key of ["a", "b", "c", "d"]) {
      driver.pipe("left", { key, value: `l${key}` });
      driver.advance("1 second");
      if (crash) driver.crash();
      if (key > "b") driver.pipe("right", { key, value: `r${key}` });
    }
    driver.advance("2 minutes");
    return driver
      .read("out")
      .toSorted((a, b) => (JSON.stringify(a.value) < JSON.stringify(b.value) ? -1 : 1))
      .map(({ value }) => value);
  };
  expect(outcome(true)).toEqual(outcome(false));
  expect(outcome(false)).toEqual([
    ["la", null],
    ["lb", null],
    ["lc", "rc"],
    ["ld", "rd"],
  ]);
});
