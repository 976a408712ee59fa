import { expect, test } from "vitest";
import {
  every,
  joinWindows,
  onClose,
  pipeline,
  type PipelineBuilder,
  session,
  type Stream,
  tumbling,
  valueState,
  within,
} from "../sdk/streams/index.ts";
import { TopologyTestDriver } from "./topology-test-driver.ts";

const byBatch = { moves: "everyBatch" } as const;
const byBatchAlone = { moves: "everyBatch", emptyBatch: false } as const;

interface Sided {
  readonly side: "l" | "r";
}

/** Both sides of a join, of one topic. */
function sides(both: Stream<Sided>): readonly [Stream<Sided>, Stream<Sided>] {
  return [both.filter(({ side }) => side === "l"), both.filter(({ side }) => side === "r")];
}

function driverOf(define: (builder: PipelineBuilder) => unknown, batches = true): TopologyTestDriver {
  const defined = pipeline("p", define);
  return new TopologyTestDriver(batches ? defined.trigger(every("1 second")) : defined);
}

function batch(driver: TopologyTestDriver, ...records: readonly (readonly [side: string, atMs: number])[]): unknown[] {
  driver.pipe(
    "in",
    records.map(([side, timestampMs]) => ({ key: "k", value: { side, at: timestampMs }, timestampMs })),
  );
  driver.runBatch();
  driver.crash();
  return driver.read("out").map(({ value, timestampMs }) => [value, timestampMs]);
}

const at = (row: unknown): unknown => (row as { at: number } | null)?.at ?? null;

test("what a batch's watermark ends may still match in that batch, and is alone after it [WMK-5]", () => {
  const driver = driverOf(({ stream }) => {
    const [left, right] = sides(stream<Sided>("in").withWatermark(0, byBatchAlone));
    left.leftJoin(right, (l, r) => [at(l), at(r)], within("10 ms", { grace: 0 })).to("out");
  });
  batch(driver, ["l", 5], ["l", 8]);
  // The watermark is 40 from here on; this batch is late by what it was before.
  expect(batch(driver, ["r", 40])).toEqual([]);
  expect(batch(driver, ["r", 9])).toEqual([
    [[5, 9], 9],
    [[8, 9], 9],
  ]);
  expect(batch(driver, ["r", 41])).toEqual([]);
});

test("a record that the watermark has passed by more than the grace joins nothing and is late [JON-20]", () => {
  const [none, some] = [0, 30].map((grace) =>
    driverOf(({ stream }) => {
      const [left, right] = sides(stream<Sided>("in").withWatermark(0));
      left.join(right, (l, r) => [at(l), at(r)], within("100 ms", { grace })).to("out");
    }, false),
  ) as [TopologyTestDriver, TopologyTestDriver];
  expect(batch(none, ["l", 50], ["r", 50], ["r", 49])).toEqual([[[50, 50], 50]]);
  expect(none.counters.lateRecords).toBe(1);
  expect(batch(some, ["l", 50], ["r", 20], ["r", 19])).toEqual([[[50, 20], 50]]);
  expect(some.counters.lateRecords).toBe(1);
});

test("a record of the very time of the watermark is late by that of batches alone [WMK-8]", () => {
  const once = (stream: Stream<unknown>): void => stream.dedup({ within: "1 day" }).to("out");
  const byRecord = driverOf(({ stream }) => once(stream("in").withWatermark(0)), false);
  expect(batch(byRecord, ["l", 5])).toHaveLength(1);
  const byBatches = driverOf(({ stream }) => once(stream("in").withWatermark(0, byBatch)));
  expect(batch(byBatches, ["l", 5])).toHaveLength(1);
  byBatches.pipe("in", { key: "other", value: 1, timestampMs: 5 });
  byBatches.runBatch();
  expect(byBatches.counters.lateRecords).toBe(1);
});

test("timers come due at the end of a batch, and in the empty one that follows [WMK-5]", () => {
  const driver = driverOf(({ stream }) =>
    stream<{ at: number }>("in")
      .withWatermark(0, byBatch)
      .processValues({
        state: { last: valueState<number>() },
        record({ at: time }, _key, { state, timers }) {
          state.last.set(time);
          timers.set(time + 10);
        },
        timer: ({ dueMs }, _key, { state }) => [[dueMs, state.last.get()]],
      })
      .to("out"),
  );
  expect(batch(driver, ["l", 5])).toEqual([]);
  expect(batch(driver, ["l", 15])).toEqual([[[15, 15], 15]]);
  expect(batch(driver, ["l", 16], ["l", 30])).toEqual([
    [[25, 30], 25],
    [[26, 30], 26],
  ]);
});

test("behind what holds records back a watermark is so much earlier, also in another task [WMK-6]", () => {
  for (const elsewhere of [false, true]) {
    const driver = driverOf(({ stream }) => {
      const [left, right] = sides(stream<Sided>("in").withWatermark(0, byBatch));
      const joined = left.leftJoin(
        right,
        (l, r) => [at(l), at(r)],
        joinWindows({ before: 0, after: "5 ms", grace: "20 ms" }),
      );
      (elsewhere ? joined.selectKey(() => "all") : joined)
        .groupByKey()
        .windowedBy(tumbling({ size: "10 ms", grace: 0 }))
        .emit(onClose())
        .count()
        .toStream()
        .unwindow((count, { start }) => [start, count])
        .to("out");
    });
    // The left record of 3 is alone at 29 only, when windows up to 20 have ended for others.
    expect(batch(driver, ["l", 3], ["l", 12], ["r", 12])).toEqual([]);
    expect(batch(driver, ["r", 28])).toEqual([]);
    expect(batch(driver, ["r", 29])).toEqual([]);
    const last = [...batch(driver, ["l", 29], ["r", 60]), ...batch(driver, ["l", 100], ["r", 100])];
    expect(last).toEqual([
      [[0, 1], 9],
      [[10, 1], 19],
      [[20, 1], 29],
    ]);
    expect(driver.counters.lateRecords).toBe(0);
  }
});

test("an id is a repetition until a watermark of batches has reached its first time and `within` [DDP-5]", () => {
  const driver = driverOf(({ stream }) =>
    stream("in").withWatermark("2 ms", byBatch).dedup({ within: "2 ms" }).to("out"),
  );
  const times = (...given: readonly number[]): unknown[] =>
    batch(driver, ...given.map((time) => ["l", time] as const)).map((row) => (row as [unknown, number])[1]);
  expect(times(10, 30)).toEqual([10]);
  expect(times(29)).toEqual([29]);
  // The watermark is 28, and 31 is what it must reach.
  expect(times(31, 32)).toEqual([]);
  expect(times(33)).toEqual([]);
  expect(times(34)).toEqual([34]);
  expect(driver.counters).toMatchObject({ droppedRecords: 4, lateRecords: 0 });
});

test("what is sent whole takes late records and lets go of none, by a watermark of batches [MIB-9]", () => {
  const driver = driverOf(({ stream }) =>
    stream("in")
      .withWatermark(0, byBatch)
      .groupByKey()
      .windowedBy(tumbling({ size: "10 ms", grace: 0 }))
      .count({ retention: "10 ms" })
      .complete()
      .unwindow((count, { start }) => [start, count])
      .to("out"),
  );
  batch(driver, ["l", 5], ["l", 500]);
  expect(batch(driver, ["l", 6], ["l", 900]).map((row) => (row as [unknown])[0])).toEqual([
    [0, 2],
    [500, 1],
    [900, 1],
  ]);
  expect(driver.counters.lateRecords).toBe(0);
});

test("a window that a watermark closes has its last ms, so that windows behind it take it whatever they are [WMK-1, WMK-9]", () => {
  for (const moves of ["everyRecord", "everyBatch"] as const) {
    const driver = driverOf(({ stream }) => {
      const hours = stream("in")
        .withWatermark(0, { moves })
        .groupByKey()
        .windowedBy(tumbling({ size: "12 ms", grace: "4 ms" }))
        .emit(onClose())
        .count();
      hours
        .toStream()
        .unwindow((count) => count)
        .groupByKey()
        .windowedBy(tumbling({ size: "5 ms", grace: 0 }))
        .emit(onClose())
        .reduce((all, count) => all + count)
        .toStream()
        .unwindow((count, { start }) => [start, count])
        .to("out");
    }, moves === "everyBatch");
    expect(batch(driver, ["l", 1], ["l", 2])).toEqual([]);
    expect(batch(driver, ["l", 15])).toEqual([]);
    expect([...batch(driver, ["l", 16]), ...batch(driver, ["l", 19])]).toEqual([[[10, 2], 14]]);
    expect(driver.counters.lateRecords).toBe(0);
  }
});

test("a session closes when a watermark of batches reaches what it reaches, by stream time a ms later [WMK-7]", () => {
  const sessions = (stream: Stream<unknown>): void =>
    stream
      .groupByKey()
      .windowedBy(session({ gap: "10 ms", grace: "2 ms" }))
      .emit(onClose())
      .count()
      .to("out");
  const watermarked = driverOf(({ stream }) => sessions(stream("in").withWatermark(0, byBatch)));
  const byStreamTime = driverOf(({ stream }) => sessions(stream("in")), false);
  for (const driver of [watermarked, byStreamTime]) expect(batch(driver, ["l", 5], ["l", 16])).toEqual([]);
  expect(batch(watermarked, ["l", 17])).toEqual([[1, 14]]);
  expect(batch(byStreamTime, ["l", 17])).toEqual([]);
  expect(batch(byStreamTime, ["l", 18])).toEqual([[1, 5]]);
});
