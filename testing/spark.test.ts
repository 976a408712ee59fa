// Watermarks, windows, complete mode and deduplication in cases of Spark's own tests.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import {
  batchSql,
  every,
  onClose,
  pipeline,
  type PipelineBuilder,
  retry,
  session,
  type Stream,
  tumbling,
} from "../sdk/streams/index.ts";
import { SECOND, SparkCases, type Subject } from "./test/spark.ts";
import type { TestRecord } from "./test-record.ts";
import { TopologyTestDriver } from "./topology-test-driver.ts";

const spark = new SparkCases(readFileSync(new URL("test/spark.json", import.meta.url), "utf8"));

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

const atBatchEnd = { moves: "everyBatch" } as const;

interface Words {
  readonly start: number;
  readonly end: number;
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
  "policy-max": {
    define: ({ stream }) =>
      stream("i1")
        .withWatermark("10 seconds", { moves: "everyBatch", policy: "max" })
        .merge(stream("i2").withWatermark("15 seconds", { moves: "everyBatch", policy: "max" }))
        .to("out"),
    record: atSecond,
    row: ({ value }) => value,
  },
  "session-complete": {
    define: ({ stream }) =>
      stream<string>("in")
        .withWatermark("30 seconds", atBatchEnd)
        .flatMap((text) => text.split(" ").map((word) => ({ key: word, value: 1 })))
        .groupByKey()
        .windowedBy(session({ gap: "10 seconds", grace: 0 }))
        .count()
        .complete()
        .to("out"),
    record: ([text, seconds]: [string, number]) => ({ key: null, value: text, timestampMs: seconds * SECOND }),
    // Spark's session ends a gap behind its last record.
    row: ({ key, value }: { key: Words & { readonly key: string }; value: number }) => {
      const [start, end] = [key.start / SECOND, key.end / SECOND + 10];
      return [key.key, start, end, end - start, value];
    },
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

test.each(Object.entries(subjects))("%s [WMK-1, WMK-2]", (id, subject) => spark.expect(id, subject));

test("every case is run, here or with the joins, or refused", () => {
  const tests = ["spark.test.ts", "spark-joins.test.ts"]
    .map((name) => readFileSync(new URL(name, import.meta.url), "utf8"))
    .join("");
  expect(spark.ids).toHaveLength(30);
  const runs = (id: string): boolean => new RegExp(String.raw`^  "?${id}"?: |test\("${id}: `, "m").test(tests);
  expect(spark.ids.filter((id) => !runs(id))).toEqual([]);
});

test("session-global-unsupported: sessions are of keys, and a record without one is in none [WIN-12]", () => {
  const driver = new TopologyTestDriver(
    pipeline("spark", ({ stream }) =>
      stream("in")
        .groupByKey()
        .windowedBy(session({ gap: "10 seconds", grace: 0 }))
        .count()
        .to("out"),
    ),
  );
  driver.pipe("in", { key: null, value: 1 });
  expect(driver.read("out")).toEqual([]);
  expect(driver.counters.droppedRecords).toBe(1);
});

test("count-append-unsupported: nothing closes without windows [PLN-10]", () => {
  const { plan } = pipeline("spark", ({ stream }) => stream("in").groupByKey().count().to("out"));
  const nodes = plan.nodes.map((node) => (node.kind === "aggregate" ? { ...node, emit: "onClose" as const } : node));
  expect(() => new TopologyTestDriver({ plan: { ...plan, nodes } })).toThrow("only windows close");
});

test("midbatch-failure: a batch that failed runs again, whole and once [ERR-3]", () => {
  let failures = 0;
  const counts = pipeline("spark", ({ stream }) =>
    stream<number>("in")
      .mapValues((value) => {
        if (value === 4 && failures++ === 0) throw new Error("once");
        return value;
      })
      .groupByKey()
      .count()
      .to("out"),
  );
  const driver = new TopologyTestDriver(counts.trigger(every("1 second")).onError(retry(1)));
  driver.pipe(
    "in",
    [1, 2, 3, 4].map((value) => ({ key: `${value}`, value })),
  );
  driver.runBatch();
  driver.crash();
  expect(failures).toBe(2);
  expect(driver.read("out").map(({ key, value }) => [key, value])).toEqual(["1", "2", "3", "4"].map((key) => [key, 1]));
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
