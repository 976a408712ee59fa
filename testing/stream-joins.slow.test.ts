import fc from "fast-check";
import { expect, test } from "vitest";
import { joinWindows, pipeline, type Stream, unbounded, within } from "../sdk/streams/index.ts";
import type { ReadRecord } from "./test-record.ts";
import { TopologyTestDriver } from "./topology-test-driver.ts";

const pair = (left: unknown, right: unknown): unknown => [left, right];
const brief = (records: readonly ReadRecord[]): unknown[] =>
  records.map(({ key, value, timestampMs }) => [key, value, timestampMs]);

test("a semi join passes on each left record once, its text as it came [JON-4]", () => {
  const driver = new TopologyTestDriver(
    pipeline("semi", ({ stream }) => {
      const hits = stream("a").semiJoin(stream("b"), within(10, { grace: 0 }));
      hits.to("out");
      hits.filter(() => false).to("none");
    }),
  );
  const text = new TextEncoder().encode("12.30");
  driver.pipe("a", { key: "k", value: text, timestampMs: 5 });
  driver.pipe("b", { key: "k", value: 1, timestampMs: 7 });
  driver.pipe("b", { key: "k", value: 2, timestampMs: 8 });
  driver.pipe("a", { key: "k", value: text, timestampMs: 3 });
  driver.pipe("a", { key: "j", value: text, timestampMs: 3 });
  expect(brief(driver.read("out"))).toEqual([
    ["k", 12.3, 7],
    ["k", 12.3, 7],
  ]);
  const kept = new TopologyTestDriver(
    pipeline("semi", ({ stream }) =>
      stream("a")
        .semiJoin(stream("b"), unbounded())
        .map((_, key, { timestampMs }) => ({ key, value: timestampMs }))
        .to("out"),
    ),
  );
  kept.pipe("b", { key: "k", value: 2, timestampMs: 8 });
  kept.pipe("a", { key: "k", value: text, timestampMs: 1_000_000 });
  expect(brief(kept.read("out"))).toEqual([["k", 1_000_000, 1_000_000]]);
});

test("a join that matches once lets go of the left record, and goes on with the next one [JON-21]", () => {
  const driver = new TopologyTestDriver(
    pipeline("once", ({ stream }) =>
      stream<number>("a")
        .join(stream<number>("b"), pair, { windows: unbounded(), once: true, where: (a, b) => a < b })
        .to("out"),
    ),
  );
  driver.pipe("a", { key: "k", value: 1, timestampMs: 5 });
  driver.pipe("a", { key: "k", value: 3, timestampMs: 6 });
  driver.pipe("b", { key: "k", value: 2, timestampMs: 7 });
  driver.pipe("b", { key: "k", value: 5, timestampMs: 4 });
  driver.pipe("a", { key: "k", value: 1, timestampMs: 8 });
  driver.pipe("b", { key: "k", value: 9, timestampMs: 9 });
  expect(brief(driver.read("out"))).toEqual([
    ["k", [1, 2], 7],
    ["k", [3, 5], 6],
    ["k", [1, 5], 8],
  ]);
});

test("a right join is a left join the other way round, its condition too [JON-3]", () => {
  const driver = new TopologyTestDriver(
    pipeline("right", ({ stream }) =>
      stream<number>("a")
        .rightJoin(stream<number>("b"), pair, {
          windows: joinWindows({ before: 0, after: 10, grace: 0 }),
          where: (a, b) => a < b,
        })
        .to("out"),
    ),
  );
  driver.pipe("a", { key: "k", value: 1, timestampMs: 5 });
  driver.pipe("b", { key: "k", value: 2, timestampMs: 15 });
  driver.pipe("b", { key: "k", value: 0, timestampMs: 15 });
  driver.pipe("b", { key: "k", value: 3, timestampMs: 16 });
  driver.pipe("a", { key: "x", value: 3, timestampMs: 40 });
  expect(brief(driver.read("out"))).toEqual([
    ["k", [1, 2], 15],
    ["k", [null, 0], 15],
    ["k", [null, 3], 16],
  ]);
});

test("a joiner that fails on what comes out alone is that record's dead letter [JON-6]", () => {
  const driver = new TopologyTestDriver(
    pipeline("strict", ({ stream }) =>
      stream<{ n: number }>("a")
        .leftJoin(
          stream("b"),
          ({ n }, right) => {
            if (n === 1 && right === null) throw new Error("no right");
            return n;
          },
          within(10, { grace: 0 }),
        )
        .to("out"),
    ),
  );
  for (const n of [0, 1, 2]) driver.pipe("a", { key: "k", value: { n }, timestampMs: n });
  driver.pipe("b", { key: "j", value: 0, timestampMs: 100 });
  driver.crash();
  driver.pipe("b", { key: "j", value: 0, timestampMs: 200 });
  expect(brief(driver.read("out"))).toEqual([
    ["k", 0, 0],
    ["k", 2, 2],
  ]);
  expect(driver.deadLetters).toMatchObject([
    { key: "k", value: { n: 1 }, timestampMs: 1, error: "no right", node: "leftJoin-1" },
  ]);
});

interface Event {
  readonly topic: string;
  readonly key: string;
  readonly timestampMs: number;
}

/** Times rise in every partition, by up to the grace out of order between them; most records have one key. */
const events: fc.Arbitrary<readonly Event[]> = fc
  .array(
    fc.record({
      topic: fc.constantFrom("a", "b"),
      key: fc.constantFrom("hot", "hot", "hot", "hot", "b", "c", "d"),
      step: fc.nat(6),
      back: fc.nat(10),
    }),
    { maxLength: 50, size: "max" },
  )
  .map((steps) => {
    let now = 100;
    return steps.map(({ step, back, ...rest }) => {
      now += step;
      return { ...rest, timestampMs: now - back };
    });
  });

const ENDS = Array.from({ length: 10 }, (_, n) => `end-${n}`);

const near = within(15, { grace: 10 });
const joins: { readonly [word: string]: (left: Stream<unknown>, right: Stream<unknown>) => Stream<unknown> } = {
  join: (left, right) => left.join(right, pair, near),
  leftJoin: (left, right) => left.leftJoin(right, pair, near),
  rightJoin: (left, right) => left.rightJoin(right, pair, near),
  outerJoin: (left, right) => left.outerJoin(right, pair, near),
};

test.each(Object.entries(joins))("%s over three partitions gives what it gives over one [JON-7]", (_word, join) => {
  const joined = pipeline("joined", ({ stream }) =>
    join(
      stream("a").selectKey((_, key) => key),
      stream("b"),
    ).to("out"),
  );
  const results = (given: readonly Event[], partitions: number): string[] => {
    const driver = new TopologyTestDriver(joined, { partitions });
    for (const [n, event] of given.entries()) {
      driver.pipe(event.topic, { key: event.key, timestampMs: event.timestampMs, value: n });
      if (n % 5 === 0) driver.crash();
    }
    // What waits comes out when every partition of both topics has gone on, and something has come to every task.
    const ends = ENDS.map((key) => ({ key, value: 0, timestampMs: 10_000 }));
    for (const topic of ["a", "b"]) {
      for (let partition = 0; partition < partitions; partition++)
        driver.pipe(
          topic,
          ends.map((record) => ({ ...record, partition })),
        );
    }
    expect(driver.counters.lateRecords).toBe(0);
    return driver
      .read("out")
      .filter(({ key }) => !ENDS.includes(key as string))
      .map((record) => JSON.stringify([record.key, record.value, record.timestampMs]))
      .toSorted();
  };
  fc.assert(
    fc.property(events, (given) => {
      expect(results(given, 3)).toEqual(results(given, 1));
    }),
    { numRuns: 20 },
  );
});

test("a stream joined with itself is one task, and a record matches itself once [JON-5]", () => {
  const driver = new TopologyTestDriver(
    pipeline("self", ({ stream }) => {
      const all = stream<number>("a").selectKey(() => "k");
      all.join(all, pair, { windows: within(10, { grace: 0 }), where: (left, right) => left <= right }).to("out");
    }),
    { partitions: 2 },
  );
  driver.pipe(
    "a",
    [1, 2].map((value) => ({ key: `${value}`, value, timestampMs: value })),
  );
  const results = driver.read("out").map(({ value }) => JSON.stringify(value));
  expect(results.toSorted()).toEqual(["[1,1]", "[1,2]", "[2,2]"]);
});
