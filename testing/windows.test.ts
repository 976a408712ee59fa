import fc from "fast-check";
import { expect, test } from "vitest";
import { UNLIMITED_WINDOW_END_MS } from "../schema/limits.ts";
import {
  cumulative,
  pipeline,
  type Pipeline,
  tumbling,
  unlimited,
  type NonSessionWindows,
} from "../sdk/streams/index.ts";
import { driven, type Given, shown } from "./test/windowed-run.ts";
import { TopologyTestDriver } from "./topology-test-driver.ts";

function sums(windows: NonSessionWindows): Pipeline {
  return pipeline("sums", ({ stream }) =>
    stream<number>("in")
      .groupByKey()
      .windowedBy(windows)
      .reduce((sum, value) => sum + value, { store: "sums" })
      .to("out"),
  );
}

const growing = cumulative({ size: 6, step: 2, grace: 1 });

test("cumulative windows begin together and end step by step [WIN-8]", () => {
  const driver = driven(sums(growing), [
    ["a", 1, 3],
    ["a", 2, 5],
    ["a", 4, 6],
  ]);
  expect(shown(driver)).toEqual([
    "a@0-4 1 (3)",
    "a@0-6 1 (3)",
    "a@0-6 3 (5)",
    "a@6-8 4 (6)",
    "a@6-10 4 (6)",
    "a@6-12 4 (6)",
  ]);
  expect(driver.store("sums").windows("a")).toMatchObject([
    { start: 0, end: 4, value: 1 },
    { start: 0, end: 6, value: 3, timestampMs: 5 },
    { start: 6, end: 8 },
    { start: 6, end: 10 },
    { start: 6, end: 12 },
  ]);
});

test("each window equals a sum over the records it holds, but for those too late for it [WIN-8]", () => {
  const given = fc.array(fc.tuple(fc.constantFrom("a", "b"), fc.nat(9), fc.nat(40)));
  fc.assert(
    fc.property(given, fc.nat(4), fc.boolean(), (records, slice, crash) => {
      const driver = driven(sums(growing), records, { slice: slice + 1, crash });
      const expected = new Map<string, number>();
      let streamTime = -Infinity;
      let late = 0;
      for (const [key, value, time] of records) {
        streamTime = Math.max(streamTime, time);
        const start = time - (time % 6);
        const ends = [start + 2, start + 4, start + 6].filter((end) => time < end);
        if (ends.some((end) => end <= streamTime - 1)) late++;
        for (const end of ends.filter((each) => each > streamTime - 1)) {
          const name = `${key}@${start}-${end}`;
          expected.set(name, (expected.get(name) ?? 0) + value);
        }
      }
      const all = driver.store<number>("sums").all();
      expect(new Map(all.map(({ key, start, end, value }) => [`${key}@${start}-${end}`, value]))).toEqual(expected);
      expect(driver.counters.lateRecords).toBe(late);
    }),
  );
});

test("cumulative windows go together when the longest has been kept for its retention [WIN-8]", () => {
  const kept = (last: number): unknown =>
    driven(sums({ ...growing, graceMs: 0 }), [
      ["a", 1, 1],
      ["b", 1, last],
    ])
      .store("sums")
      .windows("a");
  expect(kept(86_400_000 - 1)).toHaveLength(3);
  expect(kept(86_400_000)).toHaveLength(0);
});

test("an unlimited window takes every record from its start on, however old [WIN-9]", () => {
  const given: Given[] = [
    ["a", 1, 200_000_000],
    ["a", 2, 100],
    ["a", 4, 99],
  ];
  const driver = driven(sums(unlimited({ start: 100 })), given, { slice: 1, crash: true });
  const key = { key: "a", start: 100, end: UNLIMITED_WINDOW_END_MS };
  expect(driver.read("out")).toMatchObject([
    { key, value: 1 },
    { key, value: 3, timestampMs: 200_000_000 },
  ]);
  expect(driver.store("sums").all()).toMatchObject([{ ...key, value: 3 }]);
  expect(driver.counters).toMatchObject({ droppedRecords: 1, lateRecords: 0 });
});

test("both bounds of a window that grows come out of a topic, and of an internal one [SNK-9]", () => {
  const subject = pipeline("both", ({ stream }) => {
    const windows = stream<number>("in").groupByKey().windowedBy(growing).count().toStream();
    windows.to("out");
    windows
      .merge(stream("other"))
      .mapValues((_count, key) => key)
      .to("merged");
  });
  const driver = driven(subject, [["a", 1, 3]]);
  const windows = [
    { key: "a", start: 0, end: 4 },
    { key: "a", start: 0, end: 6 },
  ];
  expect(driver.read("out").map(({ key }) => key)).toEqual(windows);
  expect(driver.read("merged").map(({ value }) => value)).toEqual(windows);
});

test("windows whose keys a topic holds in different ways do not share one [PLN-9]", () => {
  const subject = pipeline("shared", ({ stream }) => {
    const grouped = stream("in").groupByKey();
    const growingCounts = grouped.windowedBy(growing).count().toStream();
    const hours = grouped
      .windowedBy(tumbling({ size: "1 hour", grace: 0 }))
      .count()
      .toStream();
    growingCounts.merge(hours).to("out");
  });
  expect(() => new TopologyTestDriver(subject)).toThrow(
    "Give each its own topic, or give the records a text key first.",
  );
});
