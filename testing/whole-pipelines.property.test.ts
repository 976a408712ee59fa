// Properties of whole pipelines: of what stands between a record's way in and its ways out, operators, tasks and topics.
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  BufferConfig,
  d1,
  pipeline,
  r2,
  sequence,
  session,
  sliding,
  tumbling,
  untilTimeLimit,
  valueState,
  within,
} from "../sdk/streams/index.ts";
import type { TestRecord } from "./test-record.ts";
import { TopologyTestDriver } from "./topology-test-driver.ts";

const TIMEOUT_MS = 60_000;

interface Reading {
  readonly n: number;
  readonly group: string;
}

const OUTPUTS = ["pairs", "held", "matches", "timers", "spans"];
const STORES = ["counts", "totals", "visits", "spans", "latest", "hours"];

/** One topic, six tasks behind one another or side by side, one and more operators of each kind that keeps state. */
const everything = pipeline("everything", ({ stream }) => {
  const readings = stream<Reading>("in").filter(({ n }) => {
    if (n === 13) throw new Error("13");
    return n !== 7;
  });
  const counts = readings.groupByKey().count({ store: "counts" });
  counts.suppress(untilTimeLimit("20 ms", BufferConfig.maxRecords(2))).to("held");
  const byGroup = readings.selectKey(({ group }) => group);
  byGroup
    .join(
      byGroup.filter(({ n }) => n % 2 === 0),
      (left, right) => left.n * 100 + right.n,
      within(10, { grace: 5 }),
    )
    .to("pairs");
  byGroup
    .dedup({ within: "30 ms", id: ({ n }) => `${n % 4}` })
    .toTable({ store: "latest" })
    .groupBy(({ n }) => ({ key: n % 2 === 0 ? "even" : "odd", value: n }))
    .aggregate(
      () => 0,
      (total, n) => total + n,
      (total, n) => total - n,
      { store: "totals" },
    )
    .toStream()
    .mapValues((total, key) => ({ key, total }))
    .to(d1("totals", { columns: { key: "TEXT", total: "INTEGER" }, primaryKey: ["key"] }));
  byGroup
    .groupByKey()
    .windowedBy(session({ gap: 5, grace: 20 }))
    .count({ store: "visits" });
  byGroup
    .groupByKey()
    .windowedBy(sliding({ difference: 6, grace: 10 }))
    .count({ store: "spans" })
    .toStream()
    .to("spans");
  readings
    .match(
      sequence<Reading>("40 ms")
        .first("low", ({ n }) => n < 5)
        .later("high", ({ n }) => n > 9),
      { select: ({ low, high }) => [...low, ...high].map(({ n }) => n) },
    )
    .to("matches");
  byGroup
    .process({
      state: { sum: valueState<number>({ ttl: "30 ms" }) },
      record({ n }, _key, { state, timers, timestampMs }) {
        state.sum.set((state.sum.get() ?? 0) + n);
        timers.set(timestampMs + 10 + n);
        return [];
      },
      timer: ({ dueMs }, _key, { state }) => [{ value: { dueMs, sum: state.sum.get() ?? null } }],
    })
    .to("timers");
  byGroup
    .groupBy(({ n }) => `${n % 3}`)
    .windowedBy(tumbling({ size: 20, grace: 10 }))
    .aggregate(
      () => 0,
      (sum, { n }) => sum + n,
      { store: "hours" },
    );
  readings.to(r2("archive", { path: ({ group }) => group }));
});

const reading: fc.Arbitrary<TestRecord> = fc.record({
  key: fc.constantFrom("a", "b", "c"),
  value: fc.record({ n: fc.nat(14), group: fc.constantFrom("x", "y") }),
  timestampMs: fc.nat(100),
});
const readings = fc.array(reading, { maxLength: 40 });
const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 8 });

/** Of consecutive records, in sizes that come again and again. */
function* pieces<Item>(items: readonly Item[], of: readonly number[]): Generator<Item[]> {
  for (let from = 0, turn = 0; from < items.length; turn++) {
    const size = of[turn % of.length] ?? 1;
    yield items.slice(from, from + size);
    from += size;
  }
}

/** All that can be seen of a driver, and what it has sent since `sent` was last given. */
function seen(driver: TopologyTestDriver, sent: Map<string, unknown[]>): unknown {
  for (const topic of OUTPUTS) sent.set(topic, [...(sent.get(topic) ?? []), ...driver.read(topic)]);
  const letters = driver.deadLetters.map(({ error, key, value }) => ({ error, key, value }));
  return {
    sent: [...sent],
    stores: STORES.map((name) => driver.store(name).all()),
    rows: driver.rows("totals"),
    files: [...driver.files("archive")],
    letters,
    counters: driver.counters,
  };
}

test(
  "however the input is cut, and wherever it crashes, all of a pipeline comes to the same [FLT-3]",
  { timeout: TIMEOUT_MS },
  () => {
    fc.assert(
      fc.property(readings, sizes, fc.boolean(), (records, of, crashes) => {
        const whole = new TopologyTestDriver(everything);
        whole.pipe("in", records);
        const sliced = new TopologyTestDriver(everything);
        for (const piece of pieces(records, of)) {
          sliced.pipe("in", piece);
          if (crashes) sliced.crash();
        }
        expect(seen(sliced, new Map())).toEqual(seen(whole, new Map()));
      }),
      { numRuns: 150 },
    );
  },
);

test(
  "after every piece of the input it has come to what a new run over the input so far comes to [FLT-3]",
  { timeout: TIMEOUT_MS },
  () => {
    fc.assert(
      fc.property(fc.array(reading, { maxLength: 25 }), sizes, (records, of) => {
        const incremental = new TopologyTestDriver(everything);
        const sent = new Map<string, unknown[]>();
        const soFar: TestRecord[] = [];
        for (const piece of pieces(records, of)) {
          incremental.pipe("in", piece);
          soFar.push(...piece);
          const scratch = new TopologyTestDriver(everything);
          scratch.pipe("in", soFar);
          expect(seen(incremental, sent)).toEqual(seen(scratch, new Map()));
        }
      }),
      { numRuns: 60 },
    );
  },
);

/** Kept as they are, moved once, and moved twice. */
const moved = pipeline("moved", ({ stream }) => {
  const notes = stream<Note>("in");
  notes.mapValues((note) => note).to("kept");
  const once = notes.selectKey((_, key) => `${key}!`).repartition({ partitions: 2 });
  once.to("once");
  once
    .selectKey((_, key) => key?.slice(0, 1) ?? null)
    .repartition()
    .process({
      state: { place: valueState<number>() },
      record(note, _key, { state }) {
        const place = (state.place.get() ?? 0) + 1;
        state.place.set(place);
        return [{ value: { ...note, place } }];
      },
    })
    .to("twice");
});

interface Note {
  readonly producer: string;
  readonly at: number;
  readonly place?: number;
}

const keys = fc.constantFrom("a", "b", "c", "d", "e");
const producer = fc.array(keys, { maxLength: 20 });

/** The notes of both, as the turns say; what is left when one has ended comes last. */
function interleaved(
  first: readonly TestRecord[],
  second: readonly TestRecord[],
  turns: readonly boolean[],
): TestRecord[] {
  const [left, right] = [[...first], [...second]];
  const all: TestRecord[] = [];
  for (const turn of turns) all.push(...(turn ? left : right).splice(0, 1));
  return [...all, ...left, ...right];
}

function notesOf(name: string, of: readonly string[]): TestRecord[] {
  return of.map((key, at) => ({ key, value: { producer: name, at }, timestampMs: 1_000 + at }));
}

test(
  "however records of two producers interleave, those of a key come out in each one's order, moved or not [FLT-4]",
  { timeout: TIMEOUT_MS },
  () => {
    const some = fc.record({
      partitions: fc.constantFrom(1, 3),
      of: sizes,
      turns: fc.array(fc.boolean(), { maxLength: 40 }),
    });
    fc.assert(
      fc.property(producer, producer, some, (first, second, { partitions, of, turns }) => {
        const driver = new TopologyTestDriver(moved, { partitions });
        const sent = { first: notesOf("first", first), second: notesOf("second", second) };
        const log = interleaved(sent.first, sent.second, turns);
        for (const piece of pieces(log, of)) {
          driver.pipe("in", piece);
          driver.crash();
        }
        const noted = (records: readonly { key: unknown; value: unknown }[], key: string): unknown[] =>
          records
            .filter((record) => String(record.key).startsWith(key))
            .map(({ value }) => {
              const { producer: by, at } = value as Note;
              return `${by} ${at}`;
            });
        const twice = driver.read<Note>("twice");
        const topics = [driver.read("kept"), driver.read("once"), twice];
        for (const key of ["a", "b", "c", "d", "e"]) {
          const expected = noted(log as { key: unknown; value: unknown }[], key);
          for (const topic of topics) expect(noted(topic, key)).toEqual(expected);
          const places = twice.filter((record) => record.key === key).map(({ value }) => value.place);
          expect(places).toEqual(places.map((_, index) => index + 1));
          for (const name of ["first", "second"] as const) {
            const own = noted(sent[name] as { key: unknown; value: unknown }[], key);
            expect(expected.filter((note) => String(note).startsWith(name))).toEqual(own);
          }
        }
      }),
      { numRuns: 200 },
    );
  },
);
