// Cases of Spark's own tests, as facts: what each batch, with the empty batch after it, gives.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import {
  batchSql,
  every,
  onClose,
  pipeline,
  type PipelineBuilder,
  type Stream,
  tumbling,
} from "../sdk/streams/index.ts";
import type { TestRecord } from "./test-record.ts";
import { TopologyTestDriver } from "./topology-test-driver.ts";

interface Step {
  readonly in?: readonly unknown[];
  readonly out?: readonly unknown[];
  readonly restart?: unknown;
}

interface Case {
  readonly id: string;
  readonly steps: readonly Step[];
}

const file = new URL("test/spark.json", import.meta.url);
const { vectors } = JSON.parse(readFileSync(file, "utf8")) as { readonly vectors: readonly Case[] };

const SECOND = 1_000;

interface Subject {
  readonly define: (builder: PipelineBuilder) => unknown;
  /** Of one of the values added before a batch. */
  readonly record: (value: never) => TestRecord;
  /** A record that came out, as the case writes it. */
  readonly row: (record: { readonly key: never; readonly value: never }) => unknown;
}

/** The values are event times in seconds. */
const atSecond = (seconds: number): TestRecord => ({ key: "all", value: seconds, timestampMs: seconds * SECOND });

/** (start of the window in seconds, count). */
const windowAndCount = ({
  key,
  value,
}: {
  readonly key: { readonly start: number };
  readonly value: number;
}): unknown => [key.start / SECOND, value];

function counted(stream: Stream<unknown>, size: `${number} seconds`): void {
  stream
    .groupByKey()
    .windowedBy(tumbling({ size, grace: 0 }))
    .emit(onClose())
    .count()
    .to("out");
}

const appended = (options: { readonly emptyBatch: boolean }): Subject => ({
  define: ({ stream }) =>
    counted(stream("in").withWatermark("10 seconds", { moves: "everyBatch", ...options }), "5 seconds"),
  record: atSecond,
  row: windowAndCount,
});

interface Rollup {
  readonly count: number;
  readonly sum: number;
}

/** Windows over the counts of windows over the records. */
function rolledUp(stream: Stream<number>, size: `${number} seconds`): Stream<Rollup> {
  return stream
    .groupByKey()
    .windowedBy(tumbling({ size, grace: 0 }))
    .emit(onClose())
    .aggregate(
      () => ({ count: 0, sum: 0 }),
      ({ count, sum }, value) => ({ count: count + 1, sum: sum + value }),
    )
    .toStream()
    .unwindow((value, { start }) => ({ ...value, start }));
}

const subjects: { readonly [id: string]: Subject } = {
  "trigger-once": appended({ emptyBatch: false }),
  "no-data-flag-false": appended({ emptyBatch: false }),
  recovery: appended({ emptyBatch: true }),
  "raw-timestamp-groupby": {
    define: ({ stream }) =>
      stream("in")
        .withWatermark("10 seconds", { moves: "everyBatch" })
        .groupByKey()
        .windowedBy(tumbling({ size: "1 ms", grace: 0 }))
        .emit(onClose())
        .count()
        .to("out"),
    record: atSecond,
    row: windowAndCount,
  },
  "count-complete": {
    define: ({ stream }) => stream("in").groupByKey().count().complete().to("out"),
    record: (value: number) => ({ key: `${value}`, value }),
    row: ({ key, value }) => [Number(key), value],
  },
  "sort-complete": {
    define: ({ stream }) =>
      stream("in")
        .groupByKey()
        .count()
        .complete()
        .batchSql(batchSql`select key, value as n from batch order by value desc, cast(key as integer) desc`)
        .to("out"),
    record: (value: number) => ({ key: `${value}`, value }),
    row: ({ key, value }: { key: string; value: { n: number } }) => [Number(key), value.n],
  },
  "multi-key": {
    define: ({ stream }) =>
      stream<number>("in")
        .selectKey((value) => JSON.stringify([value, value + 1]))
        .groupByKey()
        .count()
        .to("out"),
    record: (value: number) => ({ key: null, value }),
    row: ({ key, value }) => [...(JSON.parse(key) as number[]), value],
  },
  "dedup-agg-complete": {
    define: ({ stream }) =>
      stream<number>("in")
        .dedup({ within: "366 days", id: (value) => `${value}` })
        .groupByKey()
        .reduce((sum, value) => sum + value)
        .complete()
        .to("out"),
    record: ([key, value]: [string, number]) => ({ key, value }),
    row: ({ key, value }) => [key, value],
  },
  "ddww-all-cols": {
    define: ({ stream }) =>
      stream("in").withWatermark("10 seconds", { moves: "everyBatch" }).dedup({ within: "10 seconds" }).to("out"),
    record: (seconds: number) => ({ ...atSecond(seconds), key: `${seconds}` }),
    row: ({ value }) => value,
  },
  "agg-agg-append": {
    define: ({ stream }) => {
      const five = rolledUp(stream<number>("in").withWatermark("0 seconds", { moves: "everyBatch" }), "5 seconds");
      rolledUp(
        five.mapValues(({ count }) => count),
        "10 seconds",
      ).to("out");
    },
    record: atSecond,
    row: ({ value }: { value: Rollup & { start: number } }) => [value.start / SECOND, value.count, value.sum],
  },
  "agg-agg-agg-append": {
    define: ({ stream }) => {
      const five = rolledUp(stream<number>("in").withWatermark("0 seconds", { moves: "everyBatch" }), "5 seconds");
      const ten = rolledUp(
        five.mapValues(({ count }) => count),
        "10 seconds",
      );
      rolledUp(
        ten.mapValues(({ sum }) => sum),
        "20 seconds",
      ).to("out");
    },
    record: atSecond,
    row: ({ value }: { value: Rollup & { start: number } }) => [
      value.start / SECOND,
      value.start / SECOND + 20,
      value.count,
      value.sum,
    ],
  },
  "dedup-agg": {
    define: ({ stream }) => {
      const numbers = stream<number>("in").withWatermark("10 seconds", { moves: "everyBatch" });
      counted(numbers.dedup({ within: "10 seconds", id: (value) => `${value}` }), "5 seconds");
    },
    record: atSecond,
    row: windowAndCount,
  },
};

test.each(Object.entries(subjects))("%s [WMK-1, WMK-2]", (id, { define, record, row }) => {
  const found = vectors.find((each) => each.id === id);
  if (found === undefined) throw new Error(`no case ${id}`);
  const driver = new TopologyTestDriver(pipeline("spark", define).trigger(every("1 second")));
  for (const step of found.steps) {
    if (step.restart !== undefined) driver.crash();
    if (step.in === undefined) continue;
    driver.pipe(
      "in",
      step.in.map((value) => record(value as never)),
    );
    driver.runBatch();
    const out = driver.read("out").map((each) => JSON.stringify(row(each as never)));
    expect(out.toSorted()).toEqual((step.out ?? []).map((each) => JSON.stringify(each)).toSorted());
  }
  expect(driver.deadLetters).toEqual([]);
});

test("a watermark per record moves with each, the least of several inputs, also behind an internal topic [WMK-1]", () => {
  const driver = new TopologyTestDriver(
    pipeline("merged", ({ stream }) => {
      const late = stream("a").withWatermark("10 seconds");
      counted(late.merge(stream("b").withWatermark("15 seconds")), "5 seconds");
    }),
  );
  const pipe = (topic: string, seconds: number): unknown[] => {
    driver.pipe(topic, atSecond(seconds));
    return driver.read("out").map((each) => windowAndCount(each as never));
  };
  expect(pipe("a", 3)).toEqual([]);
  expect(pipe("a", 30)).toEqual([]);
  expect(pipe("b", 19)).toEqual([]);
  expect(pipe("b", 20)).toEqual([[0, 1]]);
  expect(pipe("a", 4)).toEqual([]);
  expect(driver.counters.lateRecords).toBe(1);
});

test.each<[wrong: string, define: (builder: PipelineBuilder) => unknown, message: string]>([
  [
    "a second watermark",
    ({ stream }) =>
      stream("in")
        .withWatermark("1 second")
        .filter(() => true)
        .withWatermark("1 second")
        .to("out"),
    "is behind another watermark",
  ],
  [
    "watermarks that differ",
    ({ stream }) =>
      stream("a")
        .withWatermark("1 second")
        .merge(stream("b").withWatermark("1 second", { policy: "max" }))
        .to("out"),
    "moves in another way",
  ],
  [
    "one by batches, per event",
    ({ stream }) => stream("in").withWatermark("1 second", { moves: "everyBatch" }).to("out"),
    "the pipeline runs per event",
  ],
])("%s is refused [WMK-3]", (_wrong, define, message) => {
  expect(() => new TopologyTestDriver(pipeline("p", define))).toThrow(message);
});

test("windows of windows lie in one task [WMK-4]", () => {
  const driver = new TopologyTestDriver(
    pipeline("p", ({ stream }) =>
      stream("in")
        .groupByKey()
        .windowedBy(tumbling({ size: "5 seconds", grace: 0 }))
        .count()
        .toStream()
        .unwindow((count, { start }) => [count, start])
        .to("out"),
    ),
  );
  driver.pipe("in", atSecond(7));
  expect(driver.read("out")).toMatchObject([{ key: "all", value: [1, 5_000] }]);
});
