import fc from "fast-check";
import { expect, test } from "vitest";
import { every, pipeline } from "../sdk/streams/index.ts";
import type { TestRecord } from "./test-record.ts";
import { TopologyTestDriver } from "./topology-test-driver.ts";

const once = pipeline("once", ({ stream }) => stream<number>("in").dedup({ within: "10 ms" }).to("out"));

function record(key: string | null, timestampMs: number, value: unknown = timestampMs): TestRecord {
  return { key, value, timestampMs };
}

test("a key comes out once within the time of its first record [DDP-1]", () => {
  const driver = new TopologyTestDriver(once);
  driver.pipe("in", [
    record("a", 20),
    record("b", 25),
    record("a", 30),
    record("a", 31),
    record("b", 16),
    record("a", 41),
  ]);
  expect(driver.read("out").map(({ key, value }) => [key, value])).toEqual([
    ["a", 20],
    ["b", 25],
    ["a", 31],
  ]);
  expect(driver.counters).toMatchObject({ droppedRecords: 2, lateRecords: 1 });
});

test("with an id, the first of each id of a key; a null key is dropped [DDP-2]", () => {
  const driver = new TopologyTestDriver(
    pipeline("p", ({ stream }) =>
      stream<string>("in")
        .dedup({ within: "10 ms", id: (value) => value })
        .to("out"),
    ),
  );
  driver.pipe("in", [
    record("a", 1, "x"),
    record("a", 1, "y"),
    record("a", 2, "x"),
    record("1:a", 3, "x"),
    record(null, 3, "x"),
  ]);
  expect(driver.read("out").map(({ key, value }) => [key, value])).toEqual([
    ["a", "x"],
    ["a", "y"],
    ["1:a", "x"],
  ]);
  driver.pipe("in", { ...record("a", 4, "x"), value: 5 });
  expect(driver.deadLetters).toMatchObject([{ error: "dedup-1 got an id of type number; an id is text" }]);
});

test("it is what a list of all that came out would say, in any slicing, across crashes [DDP-1, DDP-3]", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.constantFrom("a", "b"), fc.nat(60)), { maxLength: 60 }),
      fc.nat(5),
      fc.boolean(),
      (given, crashEvery, batches) => {
        const driver = new TopologyTestDriver(batches ? once.trigger(every("1 second")) : once);
        const passed: [string, number][] = [];
        let now = -Infinity;
        for (const [index, [key, time]] of given.entries()) {
          driver.pipe("in", record(key, time));
          if (crashEvery > 0 && index % crashEvery === 0) driver.crash();
          now = Math.max(now, time);
          const repeated = passed.some(([other, at]) => other === key && Math.abs(at - time) <= 10);
          if (time >= now - 10 && !repeated) passed.push([key, time]);
        }
        driver.runBatch();
        expect(driver.read<number>("out").map(({ key, value }) => [key, value])).toEqual(passed);
      },
    ),
  );
});

test("a time that cannot be is refused with what can [DDP-4]", () => {
  const never = pipeline("p", ({ stream }) => stream("in").dedup({ within: 0 }).to("out"));
  expect(() => new TopologyTestDriver(never)).toThrow("a time of 0 ms cannot be");
});
