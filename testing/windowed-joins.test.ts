import { expect, test } from "vitest";
import {
  every,
  hopping,
  pipeline,
  type Pipeline,
  type Stream,
  type Table,
  tumbling,
  untilWindowCloses,
  cumulative,
  unlimited,
} from "../sdk/streams/index.ts";
import type { Windowed } from "../schema/windows.ts";
import { shown } from "./test/windowed-run.ts";
import { TopologyTestDriver } from "./topology-test-driver.ts";

type Word = "join" | "leftJoin" | "outerJoin";
type Given = readonly [topic: "one" | "two", key: string, value: string | null, timestampMs: number];

const percent = (left: string | null, right: string | null): string => `${left ?? "~"}%${right ?? "~"}`;
/** `-` takes the row away. */
const append = (text: string, value: string): string | null => (value === "-" ? null : `${text}+${value}`);
const tens = tumbling({ size: 10, grace: 0 });

type Rows = Table<string | null, Windowed>;

function joinAs(word: Word, left: Rows, right: Rows): Rows {
  if (word === "join") return left.join(right, percent, { store: "joined" });
  return word === "leftJoin"
    ? left.leftJoin(right, percent, { store: "joined" })
    : left.outerJoin(right, percent, { store: "joined" });
}

function counted(stream: Stream<string>, windows = tens, retention?: number): Rows {
  return stream
    .groupByKey()
    .windowedBy(windows)
    .aggregate(() => "0", append as never, { retention }) as unknown as Rows;
}

function joined(
  word: Word,
  { windows = tens, retention }: { windows?: typeof tens; retention?: number } = {},
): Pipeline {
  return pipeline("windowed", ({ stream }) => {
    const [one, two] = [stream<string>("one"), stream<string>("two")];
    joinAs(word, counted(one, windows, retention), counted(two, windows, retention)).to("out");
  });
}

/** Results of each step, record by record, with a crash after each. */
function run(subject: Pipeline, ...steps: (readonly Given[])[]): (readonly string[])[] {
  const driver = new TopologyTestDriver(subject, { nowMs: 0 });
  return steps.map((records) => {
    for (const [topic, key, value, timestampMs] of records) {
      driver.pipe(topic, { key, value, timestampMs });
      driver.crash();
    }
    expect(driver.deadLetters).toEqual([]);
    return shown(driver);
  });
}

test("Kafka's KStreamWindowAggregateTest.testJoin: each update of either side where both have the window [JON-22]", () => {
  const results = run(
    joined("join", { windows: hopping({ size: 10, advance: 5, grace: 100 }) }),
    [
      ["one", "A", "1", 0],
      ["one", "B", "2", 1],
      ["one", "C", "3", 2],
      ["one", "D", "4", 3],
      ["one", "A", "1", 9],
    ],
    [
      ["one", "A", "1", 5],
      ["one", "B", "2", 6],
      ["one", "D", "4", 7],
      ["one", "B", "2", 8],
      ["one", "C", "3", 9],
      ["two", "A", "a", 0],
      ["two", "B", "b", 1],
      ["two", "C", "c", 2],
      ["two", "D", "d", 20],
      ["two", "A", "a", 20],
    ],
    [
      ["two", "A", "a", 5],
      ["two", "B", "b", 6],
      ["two", "D", "d", 7],
      ["two", "D", "d", 18],
      ["two", "A", "a", 21],
    ],
  );
  expect(results).toEqual([
    [],
    ["A@0-10 0+1+1+1%0+a (9)", "B@0-10 0+2+2+2%0+b (8)", "C@0-10 0+3+3%0+c (9)"],
    [
      "A@0-10 0+1+1+1%0+a+a (9)",
      "A@5-15 0+1+1%0+a (9)",
      "B@0-10 0+2+2+2%0+b+b (8)",
      "B@5-15 0+2+2%0+b (8)",
      "D@0-10 0+4+4%0+d (7)",
      "D@5-15 0+4%0+d (7)",
    ],
  ]);
});

test("a left and an outer join give windows that one side does not have, and tombstones for rows that go [JON-22]", () => {
  const given: Given[] = [
    ["one", "A", "1", 1],
    ["two", "B", "b", 2],
    ["two", "A", "a", 3],
    ["two", "A", "-", 4],
    ["one", "A", "-", 5],
    ["two", "B", "-", 6],
    ["one", "B", "2", 12],
  ];
  expect(run(joined("leftJoin"), given)[0]).toEqual([
    "A@0-10 0+1%~ (1)",
    "A@0-10 0+1%0+a (3)",
    "A@0-10 0+1%~ (4)",
    "A@0-10 null (5)",
    "B@10-20 0+2%~ (12)",
  ]);
  expect(run(joined("outerJoin"), given)[0]).toEqual([
    "A@0-10 0+1%~ (1)",
    "B@0-10 ~%0+b (2)",
    "A@0-10 0+1%0+a (3)",
    "A@0-10 0+1%~ (4)",
    "A@0-10 null (5)",
    "B@0-10 null (6)",
    "B@10-20 0+2%~ (12)",
  ]);
  expect(run(joined("join"), given)[0]).toEqual(["A@0-10 0+1%0+a (3)", "A@0-10 null (4)"]);
});

test("late records change nothing, and a window that one side has let go joins no more [JON-22, JON-23]", () => {
  const given: Given[] = [
    ["one", "A", "1", 1],
    ["two", "A", "a", 2],
    // Late on its own side alone, then let go there, while the other side is still at work on the window.
    ["one", "Z", "z", 10],
    ["one", "A", "2", 3],
    ["two", "A", "b", 4],
    ["one", "Z", "z", 20],
    ["two", "A", "c", 5],
  ];
  expect(run(joined("join", { retention: 20 }), given)[0]).toEqual(["A@0-10 0+1%0+a (2)", "A@0-10 0+1%0+a+b (4)"]);
  expect(run(joined("outerJoin", { retention: 20 }), given)[0]).toEqual([
    "A@0-10 0+1%~ (1)",
    "A@0-10 0+1%0+a (2)",
    "Z@10-20 0+z%~ (10)",
    "A@0-10 0+1%0+a+b (4)",
    "Z@20-30 0+z%~ (20)",
    "A@0-10 ~%0+a+b+c (5)",
  ]);
});

test("filter and mapValues stand before a join, joins behind joins, and what comes of them can be held back [JON-22]", () => {
  const subject = pipeline("chain", ({ stream }) => {
    const [one, two] = [stream<string>("one"), stream<string>("two")];
    const left = counted(one).filter((text) => !text.includes("x"));
    const right = counted(two).mapValues((text) => text.toUpperCase());
    const pairs = left.join(right, percent);
    pairs.leftJoin(left, percent).toStream().to("out");
    pairs.suppress(untilWindowCloses()).to("final");
  });
  const driver = new TopologyTestDriver(subject, { nowMs: 0 });
  const given: Given[] = [
    ["one", "A", "1", 1],
    ["two", "A", "a", 2],
    ["one", "A", "x", 3],
    ["two", "A", "b", 4],
    ["two", "Z", "z", 11],
    ["one", "Z", "y", 12],
    ["two", "A", "b", 13],
  ];
  for (const [topic, key, value, timestampMs] of given) {
    driver.pipe(topic, { key, value, timestampMs });
    driver.crash();
  }
  expect(driver.deadLetters).toEqual([]);
  // A change of the left table reaches the second join on two ways, as in Kafka Streams.
  expect(shown(driver)).toEqual([
    "A@0-10 0+1%0+A%0+1 (2)",
    "A@0-10 null (3)",
    "Z@10-20 0+y%0+Z%0+y (12)",
    "Z@10-20 0+y%0+Z%0+y (12)",
  ]);
  expect(shown(driver, "final")).toEqual([]);
});

test("micro-batches send the last of each window, and the rows can be read [JON-22]", () => {
  const subject = joined("join").trigger(every("10 seconds"));
  const driver = new TopologyTestDriver(subject, { nowMs: 0 });
  const batch = (...records: Given[]): string[] => {
    for (const [topic, key, value, timestampMs] of records) driver.pipe(topic, { key, value, timestampMs });
    driver.advance("1 minute");
    return shown(driver);
  };
  expect(batch(["one", "A", "1", 1], ["one", "A", "2", 2], ["two", "A", "a", 3], ["two", "A", "b", 4])).toEqual([
    "A@0-10 0+1+2%0+a+b (4)",
  ]);
  expect(batch(["one", "A", "3", 5], ["one", "B", "1", 6])).toEqual(["A@0-10 0+1+2+3%0+a+b (5)"]);
  expect(driver.store("joined").windows("A")).toMatchObject([{ start: 0, value: "0+1+2+3%0+a+b" }]);
});

test.each([
  ["cumulative", cumulative({ size: 10, step: 5, grace: 0 }), ["A@0-5 1%1 (2)", "A@0-10 1%1 (2)"]],
  ["unlimited", unlimited(), ["A@0-253402300800000 1%1 (2)"]],
])("%s windows join too [JON-22]", (_kind, windows, expected) => {
  const subject = pipeline("p", ({ stream }) => {
    const [one, two] = ["one", "two"].map((topic) => stream(topic).groupByKey().windowedBy(windows).count());
    one!.join(two!, (left, right) => `${left}%${right}`).to("out");
  });
  expect(
    run(subject, [
      ["one", "A", "1", 1],
      ["two", "A", "a", 2],
    ])[0],
  ).toEqual(expected);
});
