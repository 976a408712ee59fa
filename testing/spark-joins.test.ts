// Stream–stream joins in cases of Spark's own tests.
import { readFileSync } from "node:fs";
import { test } from "vitest";
import {
  onClose,
  type OuterJoinOptions,
  type Stream,
  type StreamJoinOptions,
  tumbling,
  unbounded,
  within,
  joinWindows,
} from "../sdk/streams/index.ts";
import { SECOND, SparkCases, type Subject } from "./test/spark.ts";
import type { TestRecord } from "./test-record.ts";

const spark = new SparkCases(readFileSync(new URL("test/spark.json", import.meta.url), "utf8"));

const atBatchEnd = { moves: "everyBatch" } as const;
const watermarked = <Value>(stream: Stream<Value>): Stream<Value> => stream.withWatermark("10 seconds", atBatchEnd);
const tenSeconds = tumbling({ size: "10 seconds", grace: 0 });

/** Key, time and both values follow from the number. */
const numbered = (value: number): TestRecord => ({
  key: `${value}`,
  value: { value },
  timestampMs: value * SECOND,
});

interface Numbered {
  readonly value: number;
}

const windowEnd = (value: number): number => Math.floor(value / 10) * 10 + 10;
/** (key, end of the window, 2 · left, 3 · right) */
function row(left: Numbered | null, right: Numbered | null): unknown[] {
  const { value } = left ?? right ?? { value: 0 };
  return [value, windowEnd(value), left && left.value * 2, right && right.value * 3];
}

type Numbers = Stream<Numbered>;
type Inner = StreamJoinOptions<Numbered, Numbered>;
type Outer = OuterJoinOptions<Numbered, Numbered>;

const ofNumbers = (join: (left: Numbers, right: Numbers) => Stream<unknown>): Subject => ({
  define: ({ stream }) => join(stream<Numbered>("l"), stream<Numbered>("r")).to("out"),
  record: numbered,
  row: ({ value }) => value,
});
const inTenSeconds = (join: (left: Numbers, right: Numbers) => Stream<unknown>): Subject => ({
  ...ofNumbers((left, right) => join(watermarked(left), watermarked(right))),
  countsLate: true,
});
const inner: Inner = { windows: tenSeconds };
const outer: Outer = { windows: tenSeconds };

/** [key, time in seconds] */
const timed = ([key, seconds]: readonly [number, number]): TestRecord => ({
  key: `${key}`,
  value: [key, seconds],
  timestampMs: seconds * SECOND,
});
type Timed = readonly [key: number, seconds: number];

const asText = (rows: Stream<unknown>): Stream<unknown> =>
  (rows as Stream<(number | null)[]>).mapValues(([key, end, left, right]) => [
    key,
    end,
    left,
    right === null ? null : String(right),
  ]);

const clock = (text: string): number => {
  const [hours = 0, minutes = 0, seconds = 0] = text.split(":").map(Number);
  return (hours * 3_600 + minutes * 60 + seconds) * SECOND;
};

const subjects: { readonly [id: string]: Subject } = {
  "inner-no-time": ofNumbers((left, right) =>
    left.join(right, (a, b) => [a.value, a.value * 2, b.value * 3], unbounded()).mapValues((value) => value),
  ),
  "inner-window-wm": {
    ...ofNumbers((left, right) => watermarked(left).join(right, row, inner)),
    record: numbered,
  },
  "left-outer-window": inTenSeconds((left, right) => left.leftJoin(right, row, outer)),
  "right-outer-window": inTenSeconds((left, right) => left.rightJoin(right, row, outer)),
  "full-outer-window": inTenSeconds((left, right) => left.outerJoin(right, row, outer)),
  "left-semi-window": inTenSeconds((left, right) =>
    left.semiJoin(right, inner).mapValues(({ value }) => [value, windowEnd(value), value * 2]),
  ),
  // A condition on the left alone is a split in front of the join: what fails it is not kept, and is there at once.
  "left-outer-early-exclusion": inTenSeconds((left, right) => {
    const { may, cannot } = left.split({ may: ({ value }) => value * 2 > 4, cannot: true });
    return asText(may.leftJoin(right, row, outer).merge(cannot.mapValues((value) => row(value, null))));
  }),
  "left-outer-right-condition": inTenSeconds((left, right) =>
    asText(left.leftJoin(right, row, { ...outer, where: (_, { value }) => value * 3 > 7 })),
  ),
  "left-outer-range": {
    define: ({ stream }) =>
      watermarked(stream<Timed>("l"))
        .leftJoin(
          watermarked(stream<Timed>("r")),
          ([key, time], right) => [key, right?.[0] ?? null, time, right?.[1] ?? null],
          within("5 seconds", { grace: 0 }),
        )
        .to("out"),
    record: timed,
    row: ({ value }) => value,
  },
  "self-left-outer": {
    define: ({ stream }) => {
      const all = stream<Timed>("in");
      all
        .withWatermark("5 seconds", atBatchEnd)
        .leftJoin(
          all.filter(([key]) => key % 2 === 0).withWatermark("5 seconds", atBatchEnd),
          (left, right) => [...left, right?.[0] ?? null, right?.[1] ?? null],
          joinWindows({ before: 0, after: "5 seconds", grace: 0 }),
        )
        .to("out");
    },
    record: timed,
    row: ({ value }) => value,
  },
  "left-outer-evict-and-match-same-batch": {
    define: ({ stream }) => {
      const side = (topic: string): Stream<string> =>
        stream<string>(topic).withWatermark(0, { moves: "everyBatch", emptyBatch: false });
      side("l")
        .leftJoin(side("r"), (left, right) => [left, right], within("30 seconds", { grace: 0 }))
        .to("out");
    },
    record: (text: string) => ({ key: "abc", value: text, timestampMs: clock(text) }),
    row: ({ value }) => value,
  },
  // Records without a key have a partner where null is a key as any other: as text.
  "null-safe-key": {
    define: ({ stream }) => {
      const side = (topic: string): Stream<{ n: number | null }> =>
        stream<{ n: number | null }>(topic).selectKey(({ n }) => JSON.stringify(n));
      const times = (n: number | null, by: number): number | null => (n === null ? null : n * by);
      side("l")
        .join(side("r"), (left, right) => [left.n, right.n, times(left.n, 2), times(right.n, 3)], unbounded())
        .to("out");
    },
    record: (n: number | null) => ({ key: null, value: { n } }),
    row: ({ value }) => value,
  },
  "join-agg-append": {
    define: ({ stream }) => {
      const side = (topic: string): Stream<number> => stream<number>(topic).withWatermark(0, atBatchEnd);
      side("l")
        .join(side("r"), (left) => left, within(0, { grace: 0 }))
        .groupByKey()
        .windowedBy(tumbling({ size: "5 seconds", grace: 0 }))
        .emit(onClose())
        .count()
        .to("out");
    },
    record: (seconds: number) => ({ key: "all", value: seconds, timestampMs: seconds * SECOND }),
    row: ({ key, value }: { key: { start: number }; value: number }) => [key.start / SECOND, value],
  },
};

test.each(Object.entries(subjects))("%s [JON-19, JON-20, WMK-5]", (id, subject) => spark.expect(id, subject));
