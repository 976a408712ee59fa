import { expect, test } from "vitest";
import type { Trigger } from "../schema/plan.ts";
import { availableNow, cron, every, everyRecords, manual, perEvent, pipeline } from "../sdk/streams/index.ts";
import { TopologyTestDriver } from "./topology-test-driver.ts";

function driverOf(trigger: Trigger): TopologyTestDriver {
  // 2026-01-01T00:00:30Z.
  const nowMs = 1_767_225_630_000;
  const subject = pipeline("p", ({ stream }) => stream("in").toTable({ store: "t" }).to("out")).trigger(trigger);
  return new TopologyTestDriver(subject, { nowMs });
}

function pipe(driver: TopologyTestDriver, ...values: readonly number[]): void {
  driver.pipe(
    "in",
    values.map((value) => ({ key: "k", value })),
  );
}

function sent(driver: TopologyTestDriver): unknown[] {
  return driver.read("out").map(({ value }) => value);
}

test("everyRecords runs when enough waits, or after the wait [TRG-5]", () => {
  const driver = driverOf(everyRecords(3, { atMost: "10 seconds" }));
  pipe(driver, 1, 2);
  expect(sent(driver)).toEqual([]);
  pipe(driver, 3);
  expect(sent(driver)).toEqual([3]);
  pipe(driver, 4);
  driver.advance("10 seconds");
  expect(sent(driver)).toEqual([4]);
});

test("cron runs at its times in UTC [TRG-6]", () => {
  const driver = driverOf(cron("*/5 * * * *"));
  pipe(driver, 1);
  driver.advance("269 seconds");
  expect(sent(driver)).toEqual([]);
  driver.advance("1 second");
  expect(sent(driver)).toEqual([1]);
});

test("availableNow and manual run when they are asked [TRG-7]", () => {
  for (const trigger of [availableNow(), manual()]) {
    const driver = driverOf(trigger);
    pipe(driver, 1, 2);
    driver.advance("1 day");
    expect(sent(driver)).toEqual([]);
    driver.runBatch();
    expect(sent(driver)).toEqual([2]);
  }
});

test.each<[wrong: string, make: () => unknown, message: string]>([
  ["no records", () => everyRecords(0, { atMost: "1 second" }), "Use a whole number from 1"],
  ["a short wait", () => everyRecords(1, { atMost: "1 ms" }), "outside 100 ms and 1 day"],
  ["no expression", () => driverOf(cron("whenever")), '"whenever" is no cron expression'],
  ["no time to come", () => driverOf(cron("0 0 31 2 *")), "names no time to come"],
])("%s is refused [TRG-5, TRG-6]", (_wrong, make, message) => {
  expect(make).toThrow(message);
});

test("the last value of every key is the same under every trigger [AGG-7]", () => {
  for (const trigger of [perEvent(), every("1 second"), everyRecords(2, { atMost: "1 second" }), manual()]) {
    const driver = driverOf(trigger);
    pipe(driver, 1, 2, 3);
    driver.runBatch();
    expect(driver.store("t").get("k")).toBe(3);
  }
});
