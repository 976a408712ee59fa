import {
  d1,
  every,
  everyRecords,
  onClose,
  perEvent,
  type Pipeline,
  pipeline,
  type PipelineBuilder,
  r2,
  type Stream,
  type Trigger,
  tumbling,
  valueState,
  within,
} from "../../../sdk/streams/index.ts";
import type { PlannedPipeline, PlannedProducer, Reading } from "./plan.ts";

/**
 * What must be the same as in a run in which nothing goes wrong. `order`: the records of each key in their order; `bag`: in
 * any order; `last`: the last of each key.
 */
export type Result =
  | { readonly kind: "topic"; readonly name: string; readonly by: "order" | "bag" | "last" }
  | { readonly kind: "table"; readonly name: string }
  | { readonly kind: "files"; readonly name: string }
  | { readonly kind: "store"; readonly name: string };

/** What plain code makes of the records sent: the values of a store by key. */
export interface Plain {
  readonly store: string;
  readonly values: { readonly [key: string]: unknown };
}

export interface Built {
  readonly pipeline: Pipeline;
  readonly outputs: readonly string[];
  readonly results: readonly Result[];
  readonly plain: (sent: readonly PlannedProducer[]) => (Plain & { readonly pipeline: string }) | undefined;
}

interface Family {
  readonly sources: 1 | 2;
  /** Micro-batches show in what it sends, more than in how many updates a key gets. */
  readonly batched?: boolean | undefined;
  /** Whether it takes tombstones. */
  readonly tombstones?: boolean | undefined;
  readonly define: (builder: PipelineBuilder, parts: Parts) => void;
  readonly results: (parts: Parts) => readonly Result[];
  readonly outputs: (parts: Parts) => readonly string[];
  /** Of all that was sent to its sources, in the order of each key; undefined where it depends on more. */
  readonly plain?: ((readings: readonly Keyed[], parts: Parts) => Plain | undefined) | undefined;
}

interface Keyed {
  readonly key: string;
  readonly reading: Reading;
}

interface Parts {
  readonly name: string;
  readonly sources: readonly string[];
  readonly late: boolean;
  readonly batched: boolean;
}

const LONG = "1 hour";
const READING_COLUMNS = { id: "TEXT", n: "INTEGER", grp: "TEXT" } as const;

/** The one place where user code throws. */
function good(reading: Reading): Reading {
  if (reading.bad === true) throw new Error("a bad reading");
  return reading;
}

function read({ stream }: PipelineBuilder, { sources }: Parts, at = 0): Stream<Reading> {
  return stream<Reading>(sources[at] ?? "");
}

const out = ({ name }: Parts): string => `${name}-out`;
const letters = ({ name }: Parts): Result => ({ kind: "topic", name: `${name}.dead-letters`, by: "bag" });
/** What each key got: one by one where every record is an update of its own, else only the last. */
const updates = (parts: Parts): Result => ({ kind: "topic", name: out(parts), by: parts.batched ? "last" : "order" });

export const families: { readonly [kind: string]: Family } = {
  /** No state, and records that throw. */
  stateless: {
    sources: 1,
    outputs: (parts) => [out(parts)],
    define: (builder, parts) =>
      read(builder, parts)
        .filter(({ n }) => n % 7 !== 3)
        .mapValues((reading) => ({ ...good(reading), twice: 2 * reading.n }))
        .to(out(parts)),
    results: (parts) => [{ kind: "topic", name: out(parts), by: "order" }, letters(parts)],
  },
  /** Counts by another key: an internal topic. */
  counts: {
    sources: 1,
    outputs: (parts) => [out(parts)],
    define: (builder, parts) =>
      read(builder, parts)
        .groupBy((reading) => good(reading).group)
        .count({ store: "counts" })
        .toStream()
        .to(out(parts)),
    results: (parts) => [
      { kind: "topic", name: out(parts), by: "last" },
      { kind: "store", name: "counts" },
      letters(parts),
    ],
    plain: (all) => ({ store: "counts", values: totals(all, ({ reading }) => [reading.group, 1]) }),
  },
  /** Windows by the topic's own key, into D1. */
  windows: {
    sources: 1,
    outputs: () => [],
    define: (builder, parts) =>
      read(builder, parts)
        .groupByKey()
        .windowedBy(tumbling({ size: "5 seconds", grace: parts.late ? "2 seconds" : LONG }))
        .aggregate(
          () => ({ count: 0, sum: 0 }),
          (window, reading) => ({ count: window.count + 1, sum: window.sum + good(reading).n }),
          { store: "windows" },
        )
        .toStream()
        .mapValues((window, key) => ({ name: key.key, start: key.start, ...window }))
        .to(
          d1(parts.name, {
            columns: { name: "TEXT", start: "INTEGER", count: "INTEGER", sum: "INTEGER" },
            primaryKey: ["name", "start"],
          }),
        ),
    results: (parts) =>
      parts.late
        ? []
        : [
            { kind: "table", name: parts.name },
            { kind: "store", name: "windows" },
          ],
  },
  /** Windows by another key that are sent once, when all that send to them have come so far. */
  closed: {
    sources: 1,
    outputs: (parts) => [out(parts)],
    define: (builder, parts) =>
      read(builder, parts)
        .selectKey(({ group }) => group)
        .groupByKey()
        .windowedBy(tumbling({ size: "2 seconds", grace: "1 second" }))
        .emit(onClose())
        .count({ store: "closed" })
        .toStream()
        .to(out(parts)),
    results: () => [],
  },
  /** The same, also where nothing comes, after less than the producers pause; what closed goes into windows once more. */
  quiet: {
    sources: 1,
    outputs: (parts) => [out(parts)],
    define: (builder, parts) =>
      read(builder, parts)
        .selectKey(({ group }) => group)
        .groupByKey()
        .windowedBy(tumbling({ size: "2 seconds", grace: "500 ms" }))
        .emit(onClose())
        .closeWhenIdle("1 second")
        .count({ store: "closed" })
        .toStream()
        .unwindow((count) => count)
        .selectKey(() => "all")
        .groupByKey()
        .windowedBy(tumbling({ size: "4 seconds", grace: "1 second" }))
        .emit(onClose())
        .closeWhenIdle("3 seconds")
        .reduce((sum, count) => sum + count, { store: "all" })
        .toStream()
        .to(out(parts)),
    results: () => [],
  },
  /** The first record of each id, and its repetitions not. */
  once: {
    sources: 1,
    outputs: (parts) => [out(parts)],
    define: (builder, parts) =>
      read(builder, parts)
        .dedup({ within: parts.late ? "3 seconds" : LONG, id: ({ n }) => `${n % 10}` })
        .to(out(parts)),
    results: (parts) => (parts.late ? [] : [{ kind: "topic", name: out(parts), by: "order" }]),
  },
  /** State by hand, and timers. */
  timers: {
    sources: 1,
    outputs: (parts) => [out(parts)],
    define: (builder, parts) =>
      read(builder, parts)
        .selectKey(({ group }) => group)
        .process({
          state: { sum: valueState<number>(), seen: valueState<string>({ ttl: "4 seconds" }) },
          *record(reading, _key, { state, timers, timestampMs }) {
            state.sum.set((state.sum.get() ?? 0) + reading.n);
            timers.set(timestampMs + 1_000 + 100 * reading.n);
            if (state.seen.get() === undefined) yield { value: good(reading).id };
            state.seen.set(reading.id);
          },
          *timer({ dueMs }, _key, { state }) {
            yield { value: `${dueMs} ${state.sum.get() ?? 0}` };
          },
        })
        .to(out(parts)),
    results: () => [],
  },
  /** Timers by the clock on the wall, in one operator behind another, cleared and set again by records and by themselves. */
  alarms: {
    sources: 1,
    outputs: (parts) => [out(parts)],
    define: (builder, parts) =>
      read(builder, parts)
        .selectKey(({ group }) => group)
        .processValues({
          state: { waiting: valueState<string[]>(), firstMs: valueState<number>() },
          record(reading, _key, { state, wallClock }) {
            const before = state.firstMs.get();
            if (before !== undefined) wallClock.clear(before + 800, "flush");
            state.firstMs.set(wallClock.nowMs);
            state.waiting.set([...(state.waiting.get() ?? []), reading.id]);
            wallClock.set(wallClock.nowMs + 800, "flush");
            if (reading.n % 5 === 0) wallClock.set(wallClock.nowMs + 100 * reading.n, reading.id);
          },
          wallClockTimer({ name, dueMs }, _key, { state, wallClock }) {
            const waiting = state.waiting.get() ?? [];
            if (name === "flush") state.waiting.clear();
            return [{ name, lateMs: wallClock.nowMs - dueMs, waiting }];
          },
        })
        .processValues({
          state: { count: valueState<number>() },
          record(value, _key, { state, wallClock }) {
            state.count.set((state.count.get() ?? 0) + 1);
            if (state.count.get() === 1) wallClock.set(wallClock.nowMs + 1_500);
            return [value];
          },
          wallClockTimer({ dueMs }, key, { state, wallClock }) {
            const count = state.count.get() ?? 0;
            if (count < 5) wallClock.set(wallClock.nowMs + 1_500);
            state.count.set(count + 5);
            return [{ name: key, lateMs: wallClock.nowMs - dueMs, waiting: [`${count}`] }];
          },
        })
        .to(out(parts)),
    results: () => [],
  },
  /** Two topics in one internal topic, sums by group into R2. */
  merged: {
    sources: 2,
    outputs: (parts) => [out(parts)],
    define: (builder, parts) =>
      read(builder, parts)
        .merge(read(builder, parts, 1))
        .groupBy((reading) => good(reading).group)
        .aggregate(
          () => 0,
          (sum, { n }) => sum + n,
          { store: "sums" },
        )
        .toStream()
        .to(out(parts)),
    results: (parts) => [
      { kind: "topic", name: out(parts), by: "last" },
      { kind: "store", name: "sums" },
      letters(parts),
    ],
    plain: (all) => ({ store: "sums", values: totals(all, ({ reading }) => [reading.group, reading.n]) }),
  },
  /** The last value of each key, into D1. */
  latest: {
    sources: 1,
    outputs: () => [],
    define: (builder, parts) =>
      read(builder, parts)
        .toTable({ store: "latest" })
        .toStream()
        .mapValues((reading, key) => ({ key, id: good(reading).id, n: reading.n, grp: reading.group }))
        .to(d1(parts.name, { columns: { key: "TEXT", ...READING_COLUMNS }, primaryKey: ["key"] })),
    // In a micro-batch the one update that is sent may be one that throws.
    results: (parts) => [
      ...(parts.batched ? [] : [{ kind: "table", name: parts.name } as const]),
      { kind: "store", name: "latest" },
    ],
  },
  /** A topic of rows, in groups: what a row was is taken out of its group. */
  grouped: {
    sources: 1,
    tombstones: true,
    outputs: (parts) => [out(parts)],
    define: ({ table }, parts) =>
      table<Reading>(parts.sources[0] ?? "", { store: "rows" })
        .groupBy((row) => ({ key: row.group, value: row.n }))
        .aggregate(
          () => 0,
          (sum, n) => sum + n,
          (sum, n) => sum - n,
          { store: "groups" },
        )
        .toStream()
        .to(out(parts)),
    // In a micro-batch a row may pass by a group that it would have come into.
    results: (parts) => [
      { kind: "store", name: "rows" },
      ...(parts.batched
        ? []
        : ([
            { kind: "store", name: "groups" },
            { kind: "topic", name: out(parts), by: "last" },
          ] as const)),
    ],
  },
  /** Every record in a file. */
  archive: {
    sources: 1,
    outputs: () => [],
    define: (builder, parts) =>
      read(builder, parts).to(r2(parts.name, { path: ({ group }) => group, roll: "3 seconds", maxFileBytes: 2_000 })),
    results: (parts) => [{ kind: "files", name: parts.name }],
  },
  /** Each key's readings with those of the other topic in the same group. */
  pairs: {
    sources: 2,
    outputs: (parts) => [out(parts)],
    define: (builder, parts) =>
      read(builder, parts)
        .selectKey(({ group }) => group)
        .join(
          read(builder, parts, 1).selectKey(({ group }) => group),
          (left, right) => ({ left: left.id, right: right.id }),
          within("1 second", { grace: parts.late ? "1 second" : LONG }),
        )
        .to(out(parts)),
    results: (parts) => (parts.late ? [] : [{ kind: "topic", name: out(parts), by: "bag" }]),
  },
  /** Those too that match none, also where nothing comes. */
  unmatched: {
    sources: 2,
    outputs: (parts) => [out(parts)],
    define: (builder, parts) =>
      read(builder, parts)
        .selectKey(({ group }) => group)
        .outerJoin(
          read(builder, parts, 1).selectKey(({ group }) => group),
          (left, right) => ({ left: left?.id ?? null, right: right?.id ?? null }),
          { windows: within("400 ms", { grace: parts.late ? 0 : "2 seconds" }), closeWhenIdle: "1 second" },
        )
        .to(out(parts)),
    results: () => [],
  },
  /** All records of a micro-batch at once. */
  batches: {
    sources: 1,
    batched: true,
    outputs: (parts) => [out(parts)],
    define: (builder, parts) =>
      read(builder, parts)
        .mapBatch((records, { batchId }) => [{ value: { batchId, ids: records.map(({ value }) => good(value).id) } }])
        .to(out(parts)),
    results: () => [],
  },
  /** A record that fails behind the state that it has changed. */
  undone: {
    sources: 1,
    outputs: (parts) => [out(parts)],
    define: (builder, parts) =>
      read(builder, parts)
        .groupByKey()
        .aggregate(
          () => ({ sum: 0, last: undefined as Reading | undefined }),
          ({ sum }, reading) => ({ sum: sum + reading.n, last: reading }),
          { store: "undone" },
        )
        .toStream()
        .mapValues(({ sum, last }) => ({ sum, id: last && good(last).id }))
        .to(out(parts)),
    results: (parts) => (parts.batched ? [] : [updates(parts), { kind: "store", name: "undone" }, letters(parts)]),
    plain: (all, { batched }) => {
      if (batched) return undefined;
      const sums = totals(all, ({ key, reading }) => [key, reading.n]);
      const last = new Map(all.filter(isGood).map(({ key, reading }) => [key, reading]));
      const values = Object.entries(sums).map(([key, sum]) => [key, { sum, last: last.get(key) }] as const);
      return { store: "undone", values: Object.fromEntries(values) };
    },
  },
  /** A topic and a table at once, from one record. */
  twice: {
    sources: 1,
    outputs: (parts) => [out(parts)],
    define: (builder, parts) => {
      const counted = read(builder, parts).groupByKey().count({ store: "counted" }).toStream();
      counted.to(out(parts));
      counted
        .mapValues((count, key) => ({ key, count }))
        .to(d1(parts.name, { columns: { key: "TEXT", count: "INTEGER" }, primaryKey: ["key"] }));
    },
    results: (parts) => [updates(parts), { kind: "table", name: parts.name }, { kind: "store", name: "counted" }],
  },
};

function isGood({ reading }: Keyed): boolean {
  return reading.bad !== true;
}

function totals(
  all: readonly Keyed[],
  part: (each: Keyed) => readonly [key: string, n: number],
): { [key: string]: number } {
  const sums: { [key: string]: number } = {};
  for (const [key, n] of all.filter(isGood).map(part)) sums[key] = (sums[key] ?? 0) + n;
  return sums;
}

/** What was sent to these topics, tombstones left out. */
function readingsOf(sent: readonly PlannedProducer[], sources: readonly string[]): Keyed[] {
  return sent
    .filter(({ topic }) => sources.includes(topic))
    .flatMap(({ batches }) => batches.flatMap(({ records }) => records))
    .flatMap(({ key, value }) => (key === null || value === null ? [] : [{ key, reading: value }]));
}

export function build(planned: PlannedPipeline): Built {
  const family = families[planned.kind];
  if (family === undefined) throw new Error(`there is no kind of pipeline "${planned.kind}"`);
  const { name, sources, trigger, lateness } = planned;
  const parts: Parts = { name, sources, late: lateness === "some", batched: trigger !== "perEvent" };
  return {
    pipeline: pipeline(name, (builder) => family.define(builder, parts)).trigger(triggerOf(trigger)),
    outputs: family.outputs(parts),
    results: family.results(parts),
    plain: (sent) => {
      const plain = family.plain?.(readingsOf(sent, sources), parts);
      return plain && { ...plain, pipeline: name };
    },
  };
}

function triggerOf(trigger: PlannedPipeline["trigger"]): Trigger {
  switch (trigger) {
    case "perEvent":
      return perEvent();
    case "every":
      return every("1 second");
    case "everyRecords":
      return everyRecords(4, { atMost: "2 seconds" });
  }
}
