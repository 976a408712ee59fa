import fc from "fast-check";
import { expect, test } from "vitest";
import {
  every,
  hopping,
  onClose,
  pipeline,
  type Pipeline,
  session,
  sliding,
  type Windows,
  tumbling,
  BufferConfig,
  unlimited,
  untilTimeLimit,
  untilWindowCloses,
} from "../sdk/streams/index.ts";
import { type Piped, rowsOf, runSliced, type Sliced } from "./test/slices.ts";
import { TopologyTestDriver } from "./topology-test-driver.ts";

/** Hundreds of whole runs a test: on a busy machine more than the 5 s of a unit test. */
const TIMEOUT_MS = 60_000;

const changes = fc.array(
  fc.record({
    topic: fc.constant("in"),
    key: fc.constantFrom("a", "b", "c", "d"),
    value: fc.option(fc.nat(9), { freq: 5 }),
    timestampMs: fc.nat(60),
  }),
  { maxLength: 30 },
);
const slicing = fc.record({ size: fc.integer({ min: 1, max: 9 }), crash: fc.boolean() });

interface Waiting {
  readonly firstMs: number;
  readonly key: string;
  value: unknown;
  timestampMs: number;
}

/** Kafka's rules in a few lines: a queue by (time of first insertion, key), looked at after every record. */
function model(records: readonly Piped[], limitMs: number, most: number): unknown[] {
  const waiting: Waiting[] = [];
  const out: unknown[] = [];
  let streamTimeMs = -1;
  for (const { key, value, timestampMs = 0 } of records) {
    streamTimeMs = Math.max(streamTimeMs, timestampMs);
    const known = waiting.find((each) => each.key === key);
    if (known === undefined) waiting.push({ firstMs: timestampMs, key: key as string, value, timestampMs });
    else Object.assign(known, { value, timestampMs });
    waiting.sort((x, y) => x.firstMs - y.firstMs || (x.key < y.key ? -1 : 1));
    while (waiting[0] !== undefined && (waiting[0].firstMs <= streamTimeMs - limitMs || waiting.length > most)) {
      const { key: first, value: last, timestampMs: atMs } = waiting.shift() as Waiting;
      out.push([first, last, atMs]);
    }
  }
  return out;
}

test("a change waits from the first of its key on; the last goes on [SUP-1, SUP-3]", { timeout: TIMEOUT_MS }, () => {
  fc.assert(
    fc.property(changes, slicing, fc.tuple(fc.nat(30), fc.option(fc.nat(3))), (records, how, [limitMs, most]) => {
      const buffer = most === null ? BufferConfig.unbounded() : BufferConfig.maxRecords(most);
      const subject = pipeline("calm", ({ table }) =>
        table("in").suppress(untilTimeLimit(limitMs, buffer), { store: "calm" }).to("out"),
      );
      const driver = runSliced(subject, records, how);
      expect(rowsOf(driver.read("out"))).toEqual(model(records, limitMs, most ?? Infinity));
    }),
    { numRuns: 150 },
  );
});

const hops = hopping({ size: 12, advance: 4, grace: 3 });
const closing = (final: boolean, windows: Windows = hops): Pipeline =>
  pipeline("closing", ({ stream }) => {
    const grouped = stream<number | null>("in").groupByKey();
    const windowed = windows.kind === "session" ? grouped.windowedBy(windows) : grouped.windowedBy(windows);
    if (final) windowed.count().suppress(untilWindowCloses()).to("out");
    else windowed.emit(onClose()).count().to("out");
  });

test("final results are what windows closed with, each once [SUP-2]", { timeout: TIMEOUT_MS }, () => {
  fc.assert(
    fc.property(changes, slicing, (records, how) => {
      const expected = rowsOf(runSliced(closing(false), records).read("out"));
      expect(rowsOf(runSliced(closing(true), records, how).read("out"))).toEqual(expected);
    }),
    { numRuns: 150 },
  );
});

function sorted(subject: Pipeline, records: readonly Piped[], how: Sliced): unknown {
  return rowsOf(runSliced(subject, records, how).read("out"))
    .map((row) => JSON.stringify(row))
    .toSorted();
}

test("of sessions and sliding windows too [SUP-2]", { timeout: TIMEOUT_MS }, () => {
  fc.assert(
    fc.property(changes, slicing, (given, how) => {
      // No record comes in the very last ms of a window.
      const records = given.map((record) => ({ ...record, value: 1, timestampMs: 10 * record.timestampMs }));
      for (const windows of [session({ gap: 45, grace: 32 }), sliding({ difference: 45, grace: 32 })])
        expect(sorted(closing(true, windows), records, how)).toEqual(sorted(closing(false, windows), records, {}));
    }),
    { numRuns: 100 },
  );
});

test("under every trigger [SUP-2, SUP-4]", { timeout: TIMEOUT_MS }, () => {
  fc.assert(
    fc.property(changes, slicing, (records, how) => {
      const batched = sorted(closing(true).trigger(every("1 second")), records, how);
      expect(batched).toEqual(sorted(closing(true), records, {}));
    }),
    { numRuns: 150 },
  );
});

test("behind a buffer a change replaces what was sent before it [SUP-6]", { timeout: TIMEOUT_MS }, () => {
  const subject = pipeline("sums", ({ table }) =>
    table<number>("in", { store: "numbers" })
      .suppress(untilTimeLimit(10, BufferConfig.maxRecords(2)))
      .groupBy((n) => ({ key: n % 2 === 0 ? "even" : "odd", value: n }))
      .reduce(
        (sum, n) => sum + n,
        (sum, n) => sum - n,
        { store: "sums" },
      ),
  );
  fc.assert(
    fc.property(changes, slicing, (records, how) => {
      // In the end all go on: others come, so much later that they push them out.
      const end = ["x", "y", "z"].map((key): Piped => ({ topic: "in", key, value: 0, timestampMs: 1_000 }));
      const driver = runSliced(subject, [...records, ...end], how);
      const rows = new Map(records.map(({ key, value }) => [key, value as number | null]));
      const expected = new Map([["even", 0]]);
      for (const n of rows.values()) {
        const key = n !== null && n % 2 === 0 ? "even" : "odd";
        if (n !== null) expected.set(key, (expected.get(key) ?? 0) + n);
      }
      for (const { key, value } of driver.store<number>("sums").all())
        expect([key, value]).toEqual([key, expected.get(key) ?? 0]);
      expect(driver.store("sums").get("even")).toBe(expected.get("even"));
    }),
    { numRuns: 150 },
  );
});

test("what is due goes on when time comes from another partition, without a record [SUP-2, ENG-20]", () => {
  const subject = pipeline("all", ({ stream }) =>
    stream("in")
      .groupBy(() => "all")
      .windowedBy(tumbling({ size: 10, grace: 0 }))
      .count()
      .suppress(untilWindowCloses())
      .to("out"),
  );
  const driver = new TopologyTestDriver(subject, { partitions: 2 });
  const at = (partition: number, timestampMs: number): void => driver.pipe("in", { value: 1, partition, timestampMs });
  at(0, 5);
  at(0, 25);
  expect(driver.read("out")).toEqual([]);
  at(1, 12);
  expect(driver.read("out").map(({ key, value }) => [key, value])).toEqual([[{ key: "all", start: 0, end: 10 }, 1]]);
});

test("a window that is gone again when it closes sends nothing [SUP-2]", () => {
  const subject = pipeline("odd", ({ stream }) =>
    stream("in")
      .groupByKey()
      .windowedBy(tumbling({ size: 10, grace: 0 }))
      .count()
      .filter((count) => count % 2 === 1)
      .suppress(untilWindowCloses())
      .to("out"),
  );
  const driver = new TopologyTestDriver(subject);
  for (const timestampMs of [1, 2, 11, 12, 13, 40])
    driver.pipe("in", { key: "a", value: 1, timestampMs, headers: { at: `${timestampMs}` } });
  expect(driver.read("out")).toMatchObject([{ key: { start: 10, end: 20 }, value: 3, headers: { at: "13" } }]);
});

test("a full buffer that shuts down stops the task, which says why [SUP-3]", () => {
  const subject = pipeline("strict", ({ table }) =>
    table("in")
      .suppress(untilTimeLimit("1 hour", BufferConfig.maxRecords(2).shutDownWhenFull()), { store: "waiting" })
      .to("out"),
  );
  const driver = new TopologyTestDriver(subject);
  driver.pipe(
    "in",
    ["a", "b", "a"].map((key) => ({ key, value: 1 })),
  );
  expect(() => driver.pipe("in", { key: "c", value: 1 })).toThrow(
    /^the buffer of suppress-1 is full: 3 of 2 records, \d+ of any bytes\. Allow it more, or let it emit early, and resume\.$/,
  );
});

test("a result that fails is a dead letter of its own, and gone from the buffer [SUP-4]", () => {
  const subject = pipeline("failing", ({ table }) =>
    table<number>("in", { store: "numbers" })
      .suppress(untilTimeLimit(5))
      .toStream()
      .mapValues((n) => {
        if (n === 13) throw new Error("unlucky");
        return n;
      })
      .to("out"),
  );
  const driver = new TopologyTestDriver(subject);
  driver.pipe("in", [
    { key: "a", value: 13, timestampMs: 0 },
    { key: "b", value: 2, timestampMs: 1 },
    { key: "c", value: 3, timestampMs: 10 },
    { key: "d", value: 4, timestampMs: 20 },
  ]);
  expect(driver.read("out").map(({ key }) => key)).toEqual(["b", "c"]);
  expect(driver.deadLetters).toMatchObject([{ key: "a", value: 13, error: "unlucky", node: "mapValues-1" }]);
  expect(driver.store("numbers").get("c")).toBe(3);
});

test("what cannot wait is refused where it is written [SUP-7]", () => {
  pipeline("p", ({ stream }) => {
    const ever = stream("in").groupByKey().windowedBy(unlimited()).count();
    expect(() => ever.suppress(untilWindowCloses())).toThrow("never close. Use untilTimeLimit(duration).");
    expect(() => BufferConfig.maxRecords(-1)).toThrow("maxRecords of -1 cannot be");
    expect(() => BufferConfig.unbounded().withMaxBytes(0.5)).toThrow("maxBytes of 0.5 cannot be");
  });
});
