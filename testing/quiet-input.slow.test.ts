import fc from "fast-check";
import { expect, test } from "vitest";
import {
  every,
  manual,
  onClose,
  pipeline,
  type Pipeline,
  session,
  sliding,
  tumbling,
  untilWindowCloses,
  type WindowedStream,
} from "../sdk/streams/index.ts";
import { shown } from "./test/windowed-run.ts";
import { TopologyTestDriver } from "./topology-test-driver.ts";

const MINUTE = 60_000;
const minutes = tumbling({ size: "1 minute", grace: "10 seconds" });

function counts(
  change: (windows: WindowedStream<unknown>) => WindowedStream<unknown> = (windows) => windows,
): Pipeline {
  return pipeline("counts", ({ stream }) =>
    change(stream("in").groupByKey().windowedBy(minutes).emit(onClose())).count({ store: "counts" }).to("out"),
  );
}

/** Times of records are those of the driver's clock, which begins at 0. */
function driverOf(subject: Pipeline, partitions = 1): TopologyTestDriver {
  return new TopologyTestDriver(subject, { nowMs: 0, partitions });
}

const a = { key: "a", value: 1 };

test("where nothing comes, event time goes on after a minute of quiet and windows close at their time [WIN-20, DRV-10]", () => {
  const driver = driverOf(counts());
  driver.pipe("in", a);
  driver.advance("50 seconds");
  driver.pipe("in", a);
  driver.advance("59 seconds");
  expect(shown(driver)).toEqual([]);
  driver.advance("1 second");
  expect(shown(driver)).toEqual(["a@0-60000 2 (50000)"]);
  driver.pipe("in", { ...a, timestampMs: 121_000 });
  // The grace is over 69 s behind its record.
  driver.advance("68 seconds");
  expect(shown(driver)).toEqual([]);
  driver.advance("1 second");
  expect(shown(driver)).toEqual(["a@120000-180000 1 (121000)"]);
  driver.advance("1 hour");
  expect(shown(driver)).toEqual([]);
});

test("it goes on from the last record's time, not to the clock's [WIN-20]", () => {
  const driver = driverOf(counts());
  driver.advance("365 days");
  driver.pipe("in", { ...a, timestampMs: 5 });
  driver.advance("69 seconds");
  expect(shown(driver)).toEqual([]);
  driver.advance("1 second");
  expect(shown(driver)).toEqual(["a@0-60000 1 (5)"]);
});

test("closeWhenIdle says how long, or never; results on update do not wait [WIN-20]", () => {
  const after = (subject: Pipeline, quiet: number): string[] => {
    const driver = driverOf(subject);
    driver.pipe("in", a);
    driver.advance(quiet);
    return shown(driver);
  };
  const slow = counts((windows) => windows.closeWhenIdle("10 minutes"));
  expect(after(slow, 10 * MINUTE - 1)).toEqual([]);
  expect(after(slow, 10 * MINUTE)).toHaveLength(1);
  expect(
    after(
      counts((windows) => windows.closeWhenIdle(1)),
      70_000 - 1,
    ),
  ).toEqual([]);
  expect(
    after(
      counts((windows) => windows.closeWhenIdle(1)),
      70_000,
    ),
  ).toHaveLength(1);
  expect(
    after(
      counts((windows) => windows.closeWhenIdle("never")),
      1e9,
    ),
  ).toEqual([]);
  expect(after(counts().trigger(manual()), 1e9)).toEqual([]);
  expect(() => counts((windows) => windows.closeWhenIdle(0))).toThrow('Use a time above 0, or "never".');
});

test("what comes after the quiet with an older time is late [WIN-20]", () => {
  const driver = driverOf(counts());
  driver.pipe("in", a);
  driver.advance("5 minutes");
  driver.pipe("in", [
    { ...a, timestampMs: 10 },
    { ...a, timestampMs: MINUTE },
  ]);
  expect(driver.counters).toMatchObject({ lateRecords: 1 });
  driver.advance("5 minutes");
  expect(shown(driver)).toEqual(["a@0-60000 1 (0)", "a@60000-120000 1 (60000)"]);
});

test("sessions and sliding windows close as well [WIN-20]", () => {
  const driver = driverOf(
    pipeline("p", ({ stream }) => {
      const grouped = stream("in").groupByKey();
      grouped
        .windowedBy(session({ gap: "5 minutes", grace: 0 }))
        .emit(onClose())
        .count()
        .to("sessions");
      grouped
        .windowedBy(sliding({ difference: "2 minutes", grace: 0 }))
        .emit(onClose())
        .closeWhenIdle("2 minutes")
        .count()
        .to("sliding");
    }),
  );
  driver.pipe("in", [a, { ...a, timestampMs: 1_000 }]);
  driver.advance("2 minutes");
  expect(shown(driver, "sliding")).toEqual(["a@0-120000 2 (1000)", "a@1-120001 1 (1000)"]);
  expect(shown(driver, "sessions")).toEqual([]);
  driver.advance("2 hours");
  expect(shown(driver, "sessions")).toEqual(["a@0-1000 2 (1000)"]);
});

test("in a pipeline that runs in batches the quiet is a batch of its own [WIN-20]", () => {
  const driver = driverOf(
    pipeline("p", ({ stream }) =>
      stream("in")
        .groupByKey()
        .windowedBy(minutes)
        .emit(onClose())
        .count()
        .toStream()
        .mapBatch((records) => records.map(({ value }) => ({ value })))
        .to("out"),
    ).trigger(every("10 seconds")),
  );
  driver.pipe("in", [a, a]);
  driver.advance("69 seconds");
  expect(driver.read("out")).toEqual([]);
  driver.advance("10 seconds");
  expect(driver.read("out").map(({ value }) => value)).toEqual([2]);
});

const steps = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ key: fc.constantFrom("a", "b", "c", "d", "e"), lateMs: fc.nat(9_000) }) },
    { weight: 2, arbitrary: fc.record({ advanceMs: fc.nat(150_000) }) },
  ),
  { maxLength: 30 },
);
type Step = { readonly key: string; readonly lateMs: number } | { readonly advanceMs: number };

function play(driver: TopologyTestDriver, play: readonly Step[], between: () => void = () => {}): number {
  let records = 0;
  // A time at which no record is before 0.
  driver.advance("1 hour");
  for (const step of play) {
    if ("advanceMs" in step) driver.advance(step.advanceMs);
    else {
      driver.pipe("in", { key: step.key, value: 1, timestampMs: driver.nowMs - step.lateMs });
      records++;
    }
    between();
  }
  driver.advance("1 day");
  return records;
}

test("a crash between any two steps changes nothing [WIN-20, DRV-6]", { timeout: 60_000 }, () => {
  fc.assert(
    fc.property(steps, fc.boolean(), (given, batches) => {
      const subject = batches ? counts().trigger(every("30 seconds")) : counts();
      const calm = driverOf(subject);
      const crashing = driverOf(subject);
      play(calm, given);
      play(crashing, given, () => crashing.crash());
      expect(shown(crashing)).toEqual(shown(calm));
      expect(crashing.counters).toEqual(calm.counters);
    }),
    { numRuns: 60 },
  );
});

/**
 * Ten minutes by key, then minutes of all: results of the first level come long after the times they have. The grace of the
 * last level is for a partition that was idle and comes back: batches of others may be run before its own.
 */
const twoLevels = pipeline("two-levels", ({ stream }) =>
  stream("in")
    .groupByKey()
    .windowedBy(tumbling({ size: "10 minutes", grace: "10 seconds" }))
    .emit(onClose())
    .count()
    .toStream()
    .map((count) => ({ key: "all", value: count }))
    .groupByKey()
    .windowedBy(tumbling({ size: "1 minute", grace: "1 minute" }))
    .emit(onClose())
    .reduce((sum, count) => sum + count)
    .to("out"),
);

const threeLevels = pipeline("three-levels", ({ stream }) =>
  stream("in")
    .filter((_value, key) => key !== "e")
    .groupByKey()
    .windowedBy(session({ gap: "20 seconds", grace: "10 seconds" }))
    .emit(onClose())
    .count()
    .toStream()
    .unwindow((count) => count)
    .groupByKey()
    .windowedBy(minutes)
    .emit(onClose())
    .reduce((sum, count) => sum + count)
    .toStream()
    .map((count) => ({ key: "all", value: count }))
    .groupByKey()
    .windowedBy(tumbling({ size: "5 minutes", grace: "1 minute" }))
    .emit(onClose())
    .reduce((sum, count) => sum + count)
    .to("out"),
);

/** As two levels, by a buffer behind the first. */
const suppressed = pipeline("suppressed", ({ stream }) =>
  stream("in")
    .groupByKey()
    .windowedBy(tumbling({ size: "10 minutes", grace: "10 seconds" }))
    .count()
    .suppress(untilWindowCloses())
    .toStream()
    .map((count) => ({ key: "all", value: count }))
    .groupByKey()
    .windowedBy(tumbling({ size: "1 minute", grace: "1 minute" }))
    .emit(onClose())
    .reduce((sum, count) => sum + count)
    .to("out"),
);

test.each([
  ["two levels", twoLevels, () => true],
  ["final results", suppressed, () => true],
  ["three levels, one in the same task", threeLevels, (step: Step) => !("key" in step) || step.key !== "e"],
] as const)(
  "%s of windows on close lose nothing over three partitions [ENG-26, ENG-27]",
  { timeout: 60_000 },
  (_name, subject, counted) => {
    fc.assert(
      fc.property(steps, fc.boolean(), fc.boolean(), (given, crash, batches) => {
        const driver = driverOf(batches ? subject.trigger(every("30 seconds")) : subject, 3);
        play(driver, given, () => crash && driver.crash());
        const records = given.filter((step) => "key" in step && counted(step)).length;
        const sum = driver.read<number>("out").reduce((total, { value }) => total + value, 0);
        expect(sum).toBe(records);
        expect(driver.counters).toMatchObject({ lateRecords: 0 });
      }),
      { numRuns: 100 },
    );
  },
);
