import fc from "fast-check";
import { expect, test } from "vitest";
import type { ErrorPolicy } from "../schema/plan.ts";
import { deadLetter, every, fail, parkKey, pipeline, retry } from "../sdk/streams/index.ts";
import type { TestRecord } from "./test-record.ts";
import { TopologyTestDriver } from "./topology-test-driver.ts";

/** Throws on a value as often as `failures` says. */
function driverOf(
  policy: ErrorPolicy,
  failures: Map<number, number>,
  options: { batches?: boolean } = {},
): TopologyTestDriver {
  const subject = pipeline("p", ({ stream }) => {
    const numbers = stream<number>("in");
    numbers.groupByKey().count({ store: "counts" });
    numbers
      .mapValues((value) => {
        const left = failures.get(value) ?? 0;
        failures.set(value, left - 1);
        if (left > 0) throw new Error(`no ${value}`);
        return value;
      })
      .to("out");
  }).onError(policy);
  return new TopologyTestDriver(options.batches === true ? subject.trigger(every("1 second")) : subject);
}

const records = (...given: readonly (readonly [key: string | null, value: number])[]): TestRecord[] =>
  given.map(([key, value]) => ({ key, value }));

function sent(driver: TopologyTestDriver): unknown[] {
  return driver.read("out").map(({ value }) => value);
}

test("deadLetter lets the next ones go on [ERR-1]", () => {
  const driver = driverOf(deadLetter(), new Map([[2, 1]]));
  driver.pipe("in", records(["a", 1], ["a", 2], ["a", 3]));
  expect(sent(driver)).toEqual([1, 3]);
  expect(driver.deadLetters).toMatchObject([{ value: 2, error: "no 2" }]);
});

test.each([false, true])(
  "fail stops in front of the record, and goes on from there (batches: %s) [ERR-2]",
  (batches) => {
    const driver = driverOf(fail(), new Map([[2, 2]]), { batches });
    driver.pipe("in", records(["a", 1], ["a", 2], ["a", 3]));
    driver.runBatch();
    expect(sent(driver)).toEqual(batches ? [] : [1]);
    expect(driver.failure).toBe("mapValues-1 at offset 1: no 2");
    expect(driver.store("counts").get("a")).toBe(batches ? undefined : 1);
    driver.resume();
    driver.runBatch();
    expect(driver.failure).toContain("no 2");
    driver.crash();
    driver.resume();
    driver.runBatch();
    expect(sent(driver)).toEqual(batches ? [1, 2, 3] : [2, 3]);
    expect(driver.failure).toBeUndefined();
    expect(driver.deadLetters).toEqual([]);
    expect(driver.store("counts").get("a")).toBe(3);
  },
);

test.each([false, true])("retry tries again, then gives up (batches: %s) [ERR-3]", (batches) => {
  const driver = driverOf(
    retry(2),
    new Map([
      [2, 2],
      [3, 3],
    ]),
    { batches },
  );
  driver.pipe("in", records(["a", 1], ["a", 2], ["a", 3], ["a", 4]));
  driver.runBatch();
  expect(sent(driver)).toEqual([1, 2, 4]);
  expect(driver.deadLetters).toMatchObject([{ value: 3, error: "no 3" }]);
  expect(driver.counters).toMatchObject({ recordsIn: 4, deadLetters: 1 });
  expect(driver.store("counts").get("a")).toBe(3);
});

test.each([false, true])("retry gives up several records of one batch (batches: %s) [ERR-3]", (batches) => {
  const never = [2, 4, 5].map((value) => [value, Infinity] as const);
  const driver = driverOf(retry(2), new Map(never), { batches });
  driver.pipe("in", records(["a", 1], ["a", 2], ["a", 3], ["a", 4], ["a", 5]));
  driver.runBatch();
  expect(sent(driver)).toEqual([1, 3]);
  expect(driver.deadLetters.map(({ value }) => value)).toEqual([2, 4, 5]);
});

test("parkKey sends every later record of the key after the one that failed [ERR-4]", () => {
  const driver = driverOf(
    parkKey(),
    new Map([
      [2, 1],
      [7, 1],
    ]),
  );
  driver.pipe("in", records(["a", 1], ["a", 2], ["b", 3], ["a", 4], [null, 7], [null, 8]));
  driver.crash();
  driver.pipe("in", records(["a", 5], ["b", 6]));
  expect(sent(driver)).toEqual([1, 3, 8, 6]);
  expect(driver.deadLetters.map(({ value }) => value)).toEqual([2, 4, 7, 5]);
  expect(driver.deadLetters[1]?.error).toContain("an earlier record of its key failed");
  expect(driver.store("counts").get("a")).toBe(1);
});

test("the records of a key come out in order, and none twice, under parkKey in any slicing [ERR-4]", () => {
  const given = fc.array(fc.tuple(fc.constantFrom("a", "b", "c"), fc.nat(20)), { maxLength: 40 });
  fc.assert(
    fc.property(given, fc.integer({ min: 1, max: 6 }), (all, size) => {
      const driver = driverOf(
        parkKey(),
        new Map([
          [7, Infinity],
          [13, Infinity],
        ]),
      );
      for (let from = 0; from < all.length; from += size) {
        driver.pipe("in", records(...all.slice(from, from + size)));
        driver.crash();
      }
      const parked = new Set<string>();
      const expected: number[] = [];
      for (const [key, value] of all) {
        if (value === 7 || value === 13) parked.add(key);
        if (!parked.has(key)) expected.push(value);
      }
      expect(sent(driver)).toEqual(expected);
    }),
  );
});

test("a policy that cannot be is refused [ERR-3]", () => {
  expect(() => retry(0)).toThrow("Use a whole number from 1");
  expect(() => retry(1, { backoff: "2 hours" })).toThrow("outside 1 ms and 1 hour");
});
