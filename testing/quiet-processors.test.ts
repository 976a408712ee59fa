import { expect, test } from "vitest";
import { every, onClose, pipeline, type Pipeline, tumbling, valueState } from "../sdk/streams/index.ts";
import { TopologyTestDriver } from "./topology-test-driver.ts";

type Quiet = "1 minute" | "10 seconds" | "never" | undefined;

/** A timer for each record, so many ms after it; the value is how many. `again`: each timer sets the next. */
function reminders(quiet: Quiet, { again = 0 } = {}): Pipeline {
  return pipeline("reminders", ({ stream }) =>
    stream<number>("in")
      .processValues(
        {
          state: { last: valueState<number>({ ttl: "5 minutes" }) },
          record(afterMs, _key, { state, timers, timestampMs }) {
            const before = state.last.get();
            state.last.set(timestampMs);
            timers.set(timestampMs + afterMs);
            return before === undefined ? [] : [`before ${before}`];
          },
          timer({ dueMs }, _key, { timers, streamTimeMs }) {
            if (again > 0) timers.set(dueMs + again);
            return [`at ${streamTimeMs}`];
          },
        },
        { closeWhenIdle: quiet },
      )
      .to("out"),
  );
}

/** Times of records are those of the driver's clock, which begins at 0. */
function driverOf(subject: Pipeline, partitions = 1): TopologyTestDriver {
  return new TopologyTestDriver(subject, { nowMs: 0, partitions });
}

function shown(driver: TopologyTestDriver): (readonly [key: unknown, value: unknown, timestampMs: number])[] {
  return driver.read("out").map(({ key, value, timestampMs }) => [key, value, timestampMs] as const);
}

test.each([
  ["per event", (subject: Pipeline) => subject],
  ["in batches", (subject: Pipeline) => subject.trigger(every("100 ms"))],
])("where nothing comes timers fire at their time, after the quiet that was asked for (%s) [PRC-10]", (_how, under) => {
  const driver = driverOf(under(reminders("1 minute")));
  driver.pipe("in", [
    { key: "a", value: 90_000 },
    { key: "b", value: 5_000 },
    { key: "c", value: 5_000 },
  ]);
  driver.advance(59_999);
  driver.crash();
  expect(shown(driver)).toEqual([]);
  driver.advance(1);
  expect(shown(driver)).toEqual([
    ["b", "at 60000", 5_000],
    ["c", "at 60000", 5_000],
  ]);
  driver.advance(29_999);
  expect(shown(driver)).toEqual([]);
  driver.advance(1);
  expect(shown(driver)).toEqual([["a", "at 90000", 90_000]]);
  driver.advance("1 hour");
  expect(shown(driver)).toEqual([]);
});

test.each([undefined, "never"] as const)("they do not where it is %s: a record brings the time [PRC-10]", (quiet) => {
  const driver = driverOf(reminders(quiet));
  driver.pipe("in", { key: "a", value: 1_000 });
  driver.advance("1 day");
  expect(shown(driver)).toEqual([]);
  driver.pipe("in", { key: "b", value: 1_000, timestampMs: 2_000 });
  expect(shown(driver)).toEqual([["a", "at 2000", 1_000]]);
});

test("event time goes on from the last record's, and what comes later with an older time sees where it is [PRC-10]", () => {
  const driver = driverOf(reminders("10 seconds"));
  driver.advance("365 days");
  driver.pipe("in", { key: "a", value: 15_000, timestampMs: 500 });
  driver.advance(14_999);
  expect(shown(driver)).toEqual([]);
  driver.advance(1);
  expect(shown(driver)).toEqual([["a", "at 15500", 15_500]]);
  driver.pipe("in", { key: "b", value: 1, timestampMs: 600 });
  expect(shown(driver)).toEqual([["b", "at 15500", 601]]);
});

test("a time to live ends with the time that a timer has brought, and not by itself [PRC-4, PRC-10]", () => {
  const driver = driverOf(reminders("10 seconds"));
  driver.pipe("in", { key: "a", value: 6 * 60_000 });
  driver.advance("5 minutes");
  driver.pipe("in", { key: "a", value: 7 * 60_000, timestampMs: 0 });
  expect(shown(driver)).toEqual([["a", "before 0", 0]]);
  driver.advance("6 minutes");
  expect(shown(driver)).toEqual([["a", "at 360000", 360_000]]);
  driver.pipe("in", { key: "a", value: 7 * 60_000, timestampMs: 1 });
  expect(shown(driver)).toEqual([]);
});

test("a timer that sets the next goes on at the clock's pace [PRC-10]", () => {
  const driver = driverOf(reminders("10 seconds", { again: 20_000 }));
  driver.pipe("in", { key: "a", value: 20_000 });
  driver.advance("70 seconds");
  driver.crash();
  driver.advance("31 seconds");
  expect(shown(driver).map(([, , timestampMs]) => timestampMs)).toEqual([20_000, 40_000, 60_000, 80_000, 100_000]);
});

/** Timers behind an internal topic, and windows of what they send behind another one. */
function counted(quiet: Quiet): Pipeline {
  return pipeline("counted", ({ stream }) =>
    stream<number>("in")
      .selectKey((value) => `k${value % 7}`)
      .processValues(
        {
          state: {},
          record: (afterMs, _key, { timers, timestampMs }) => timers.set(timestampMs + afterMs),
          timer: () => [1],
        },
        { closeWhenIdle: quiet },
      )
      .selectKey(() => "all")
      .groupByKey()
      .windowedBy(tumbling({ size: "10 seconds", grace: 0 }))
      .emit(onClose())
      .closeWhenIdle("10 seconds")
      .count()
      .toStream()
      .unwindow((count, { start }) => `${start}: ${count}`)
      .to("out"),
  );
}

test.each([1, 4])(
  "what they send is not late where quiet closes windows behind them, over %i partitions [PRC-10, ENG-26]",
  (partitions) => {
    const driver = driverOf(counted("10 seconds"), partitions);
    for (const value of [100, 12_001, 12_002, 12_003, 47_000]) driver.pipe("in", { key: `${value}`, value });
    driver.advance("5 minutes");
    expect(shown(driver).map(([, value]) => value)).toEqual(["0: 1", "10000: 3", "40000: 1"]);
    expect(driver.counters.lateRecords).toBe(0);
  },
);

test("without it they hold back nobody behind them [PRC-10]", () => {
  const driver = driverOf(
    pipeline("p", ({ stream }) =>
      stream<number>("in")
        .processValues({
          state: {},
          record(value, _key, { timers, timestampMs }) {
            timers.set(timestampMs + 30_000);
            return [value];
          },
          timer: () => [0],
        })
        .groupByKey()
        .windowedBy(tumbling({ size: "10 seconds", grace: 0 }))
        .emit(onClose())
        .closeWhenIdle("10 seconds")
        .count()
        .toStream()
        .unwindow((count, { start }) => `${start}: ${count}`)
        .to("out"),
    ),
  );
  driver.pipe("in", { key: "a", value: 1 });
  driver.advance("10 minutes");
  expect(shown(driver)).toEqual([["a", "0: 1", 0]]);
});
