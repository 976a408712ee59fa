import { expect, test } from "vitest";
import { every, onClose, pipeline, tumbling, type Pipeline } from "../sdk/streams/index.ts";
import { type Piped, rowsOf, runSliced, SLICINGS } from "./test/slices.ts";
import { TopologyTestDriver } from "./topology-test-driver.ts";

const texts = pipeline("texts", ({ stream }) =>
  stream<string>("one")
    .groupByKey()
    .cogroup((text: string, value) => `${text}+${value}`)
    .cogroup(stream<string>("two").groupByKey(), (text, value) => `${text}-${value}`)
    .aggregate(() => "0", { store: "texts" })
    .to("out"),
);

const given: readonly Piped[] = [
  { topic: "one", key: "a", value: "1", timestampMs: 5 },
  { topic: "two", key: "a", value: "2", timestampMs: 3 },
  { topic: "two", key: "b", value: "3", timestampMs: 4 },
  { topic: "two", key: "b", value: null, timestampMs: 9 },
  { topic: "one", key: null, value: "4", timestampMs: 9 },
  { topic: "one", key: "b", value: "5", timestampMs: 6 },
  { topic: "one", key: "a", value: "6", timestampMs: 4 },
];

test("each stream of a cogroup is folded in with its own aggregator, in order of arrival [AGG-11]", () => {
  for (const slicing of SLICINGS) {
    const driver = runSliced(texts, given, slicing);
    expect(rowsOf(driver.read("out"))).toEqual([
      ["a", "0+1", 5],
      ["a", "0+1-2", 5],
      ["b", "0-3", 4],
      ["b", "0-3+5", 6],
      ["a", "0+1-2+6", 5],
    ]);
    expect(driver.store("texts").all()).toMatchObject([
      { key: "a", value: "0+1-2+6", timestampMs: 5 },
      { key: "b", value: "0-3+5", timestampMs: 6 },
    ]);
    expect(driver.counters.droppedRecords).toBe(2);
  }
});

test("a micro-batch sends one result a key, whichever streams changed it [AGG-11, AGG-7]", () => {
  const subject = pipeline("pairs", ({ stream }) => {
    const all = stream<number>("in");
    all
      .filter((n) => n > 0)
      .groupByKey()
      .cogroup(([above, below]: readonly [number, number], n) => [above + n, below] as const)
      .cogroup(all.filter((n) => n < 0).groupByKey(), ([above, below], n) => [above, below + n] as const)
      .aggregate(() => [0, 0])
      .to("out");
  });
  const records = [1, -2, 3, -4].map((value, timestampMs): Piped => ({ topic: "in", key: "k", value, timestampMs }));
  expect(rowsOf(runSliced(subject.trigger(every("1 second")), records).read("out"))).toEqual([["k", [4, -6], 3]]);
});

const hours = (close: boolean): Pipeline =>
  pipeline("hours", ({ stream }) => {
    const windows = stream<string>("one")
      .groupByKey()
      .cogroup((text: string, value) => `${text}+${value}`)
      .cogroup(stream<string>("two").groupByKey(), (text, value) => `${text}-${value}`)
      .windowedBy(tumbling({ size: 10, grace: 5 }));
    const table = (close ? windows.emit(onClose()) : windows).aggregate(() => "", { store: "hours" });
    table.to("out");
    table.late().to("late");
  });

const timed: readonly Piped[] = [
  { topic: "one", key: "a", value: "1", timestampMs: 3 },
  { topic: "two", key: "a", value: "2", timestampMs: 14 },
  { topic: "one", key: "a", value: "3", timestampMs: 9 },
  { topic: "two", key: "b", value: "4", timestampMs: 15 },
  { topic: "one", key: "b", value: "5", timestampMs: 9 },
];

test("windows of a cogroup have one clock over all its streams [AGG-12]", () => {
  for (const slicing of SLICINGS) {
    const driver = runSliced(hours(false), timed, slicing);
    const [first, second] = [
      { key: "a", start: 0, end: 10 },
      { key: "a", start: 10, end: 20 },
    ];
    expect(rowsOf(driver.read("out"))).toEqual([
      [first, "+1", 3],
      [second, "-2", 14],
      [first, "+1+3", 9],
      [{ key: "b", start: 10, end: 20 }, "-4", 15],
    ]);
    expect(rowsOf(driver.read("late"))).toEqual([["b", "5", 9]]);
    expect(driver.counters.lateRecords).toBe(1);
    const closing = runSliced(hours(true), timed, slicing);
    expect(rowsOf(closing.read("out"))).toEqual([[first, "+1+3", 9]]);
  }
});

test("a stream is in a cogroup once, and all are of one pipeline [AGG-11]", () => {
  pipeline("p", ({ stream }) => {
    const grouped = stream("a").groupByKey();
    expect(() => grouped.cogroup(() => 0).cogroup(grouped, () => 1)).toThrow("in the cogroup twice");
    pipeline("q", (other) => {
      const foreign = other.stream("b").groupByKey();
      expect(() => grouped.cogroup(() => 0).cogroup(foreign, () => 1)).toThrow("of different pipelines");
    });
  });
});

test("a plan has an aggregator for each input [AGG-11]", () => {
  const [source, node] = pipeline("p", ({ stream }) => stream("a").groupByKey().count()).plan.nodes;
  const plan = { ...texts.plan, nodes: [source!, { ...node!, others: [() => 0] }] } as typeof texts.plan;
  expect(() => new TopologyTestDriver({ plan })).toThrow("1 inputs and 2 aggregators");
});
