import { expect, test } from "vitest";
import { deadLetter, every, fromFunction, parkKey, pipeline, retry, tumbling } from "../sdk/streams/index.ts";
import type { TestRecord } from "./test-record.ts";
import { TopologyTestDriver } from "./topology-test-driver.ts";
import { driverOf, sent } from "./test/numbers-that-fail.ts";

const records = (...given: readonly (readonly [key: string | null, value: number])[]): TestRecord[] =>
  given.map(([key, value]) => ({ key, value }));

test.each([
  ["deadLetter", deadLetter(), false],
  ["deadLetter in batches", deadLetter(), true],
  ["retry", retry(2), false],
  ["retry in batches", retry(2), true],
])(
  "%s: dead letters run again in their order, once, and what fails again is a new one [ERR-5, ERR-7, DRV-11]",
  (_, policy, batches) => {
    const bad = new Set([2, 4, 5]);
    const driver = driverOf(policy, bad, { batches });
    driver.pipe("in", records(["a", 1], ["a", 2], ["b", 4], ["a", 5], ["a", 6]));
    driver.runBatch();
    driver.runBatch();
    expect(sent(driver)).toEqual([1, 6]);
    expect(driver.store("counts").get("a")).toBe(2);
    bad.delete(5);
    bad.delete(2);
    driver.crash();
    expect(driver.redrive()).toBe(3);
    expect(sent(driver)).toEqual([2, 5]);
    expect(driver.store("counts").get("a")).toBe(4);
    expect(driver.store("counts").get("b")).toBeUndefined();
    expect(driver.deadLetters.map(({ value }) => value)).toEqual([2, 4, 5, 4]);
    expect(driver.deadLetters[3]?.headers).toMatchObject({ "millrace.offset": "2", "millrace.kind": "record" });
    bad.clear();
    driver.crash();
    expect(driver.redrive()).toBe(1);
    expect(driver.redrive()).toBe(0);
    expect(sent(driver)).toEqual([4]);
  },
);

test("a redriven record has the offset, time and headers that it had [ERR-5]", () => {
  let broken = true;
  const seen: unknown[] = [];
  const driver = new TopologyTestDriver(
    pipeline("p", ({ stream }) =>
      stream<number>("in")
        .mapValues((value, key, { offset, timestampMs, headers }) => {
          if (broken && value === 2) throw new Error("broken");
          seen.push([value, key, offset, timestampMs, headers.map((header) => header.key)]);
          return value;
        })
        .to("out"),
    ),
  );
  driver.pipe("in", [
    { key: "a", value: 1 },
    { key: "b", value: 2, timestampMs: 77, headers: { h: "1" } },
    { value: 3 },
  ]);
  broken = false;
  driver.redrive();
  expect(seen.at(-1)).toEqual([2, "b", 1, 77, ["h"]]);
  expect(driver.read("out").at(-1)).toEqual({ key: "b", value: 2, timestampMs: 77, headers: { h: "1" } });
});

test.each([false, true])(
  "letters of a task behind an internal topic run again there (batches: %s) [ERR-5]",
  (batches) => {
    const bad = new Set([3, 4]);
    const driver = driverOf(deadLetter(), bad, { batches, regrouped: true });
    driver.pipe("in", records(["a", 1], ["b", 2], ["c", 3], ["d", 4], ["e", 5]));
    driver.runBatch();
    expect(new Set(sent(driver))).toEqual(new Set([1, 2, 5]));
    bad.clear();
    driver.crash();
    expect(driver.redrive()).toBe(2);
    driver.runBatch();
    const again = driver.read("out");
    expect(new Map(again.map(({ key, value }) => [key, value]))).toEqual(
      new Map([
        ["0", 4],
        ["1", 3],
      ]),
    );
  },
);

test("windowed records of an internal topic come back with their windows [ERR-5]", () => {
  let broken = true;
  const driver = new TopologyTestDriver(
    pipeline("p", ({ stream }) =>
      stream<number>("in")
        .groupByKey()
        .windowedBy(tumbling({ size: "1 second", grace: "0 seconds" }))
        .count({ store: "counts" })
        .toStream()
        .repartition({ partitions: 2 })
        .mapValues((count, window) => {
          if (broken) throw new Error("broken");
          return { count, start: window.start };
        })
        .to("out"),
    ),
  );
  driver.pipe("in", [{ key: "a", value: 1, timestampMs: 5_500 }]);
  broken = false;
  expect(driver.redrive()).toBe(1);
  expect(driver.read("out")).toMatchObject([
    { key: { key: "a", start: 5_000, end: 6_000 }, value: { count: 1, start: 5_000 } },
  ]);
});

test("results that fail at the end of a batch are not redriven [ERR-7]", () => {
  const driver = new TopologyTestDriver(
    pipeline("p", ({ stream }) =>
      stream<number>("in")
        .groupByKey()
        .count()
        .toStream()
        .mapValues((): number => {
          throw new Error("no");
        })
        .to("out"),
    ).trigger(every("1 second")),
  );
  driver.pipe("in", records(["a", 1]));
  driver.runBatch();
  expect(driver.deadLetters).toMatchObject([{ headers: { "millrace.kind": "result" } }]);
  expect(driver.redrive()).toBe(0);
});

test("under parkKey all that waits of a key runs, up to what fails again [ERR-6]", () => {
  const bad = new Set([2, 5]);
  const driver = driverOf(parkKey(), bad);
  driver.pipe("in", records(["a", 1], ["a", 2], ["b", 3], ["a", 4], ["a", 5], ["a", 6]));
  expect(sent(driver)).toEqual([1, 3]);
  bad.delete(2);
  driver.crash();
  driver.redrive({ key: "a" });
  expect(sent(driver)).toEqual([2, 4]);
  driver.pipe("in", records(["a", 7], ["b", 8]));
  expect(sent(driver)).toEqual([8]);
  bad.clear();
  driver.crash();
  driver.redrive();
  driver.pipe("in", records(["a", 9]));
  expect(sent(driver)).toEqual([5, 6, 7, 9]);
  expect(driver.store("counts").get("a")).toBe(7);
});

test("a key that is not UTF-8 fails by itself and parks nothing [ERR-4]", () => {
  const driver = driverOf(parkKey(), new Set());
  driver.pipe("in", [
    { key: Uint8Array.of(0xff), value: 1 },
    { key: Uint8Array.of(0xff), value: 2 },
  ]);
  driver.pipe("in", records(["a", 3]));
  expect(sent(driver)).toEqual([3]);
  expect(driver.deadLetters.map(({ error }) => error)).toEqual(["the key is not UTF-8", "the key is not UTF-8"]);
});

test("a redriven record looks up what it needs, again [ERR-5]", () => {
  let broken = true;
  const names = fromFunction(async (value: number) => ({ name: `real ${value}` }));
  const subject = pipeline("p", ({ stream }) =>
    stream<number>("in")
      .lookup(
        names,
        (value, { name }) => {
          if (broken) throw new Error("broken");
          return `${value} ${name}`;
        },
        { key: (value) => value },
      )
      .to("out"),
  );
  const driver = new TopologyTestDriver(subject, {
    lookups: { "lookup-1": (value: number) => ({ name: `fake ${value}` }) },
  });
  driver.pipe("in", records(["a", 1]));
  expect(driver.deadLetters).toHaveLength(1);
  broken = false;
  driver.redrive();
  expect(sent(driver)).toEqual(["1 fake 1"]);
});
