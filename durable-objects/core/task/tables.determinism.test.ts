import fc from "fast-check";
import { expect, test } from "vitest";
import type { Plan, PlanNode, SuppressBufferBounds } from "../../../schema/plan.ts";
import { logOf, planOf, runTask, type Given, type Running } from "../../test/task-harness.ts";
import { storesOf } from "../plan/stores.ts";
import { MemoryStateStore } from "../store/memory-state-store.ts";

/** Hundreds of whole runs a test: on a busy machine more than the 5 s of a unit test. */
const TIMEOUT_MS = 60_000;

interface Row {
  readonly n: number;
  readonly group: string | null;
  /** Which node throws. */
  readonly boom?: string | undefined;
}

function explode(value: unknown, node: string): Row {
  const row = value as Row;
  if (row.boom === node) throw new Error(`boom in ${node}`);
  return row;
}

const topic = (name: string, input: string): PlanNode => ({
  kind: "sink",
  name: `sink-${name}`,
  inputs: [input],
  sink: { kind: "topic", topic: name, format: "json" },
});
const suppress = (name: string, input: string, buffer: SuppressBufferBounds): PlanNode => ({
  kind: "suppress",
  name,
  inputs: [input],
  store: { name },
  until: "timeLimit",
  waitMs: 15,
  buffer,
});
const sum = (aggregate: unknown, value: unknown): number => (aggregate as number) + explode(value, "sum").n;

const nodes: readonly PlanNode[] = [
  { kind: "source", name: "source", inputs: [], topic: "in", format: "json" },
  { kind: "toTable", name: "table", inputs: ["source"], store: { name: "table" } },
  {
    kind: "tableFilter",
    name: "filter",
    inputs: ["table"],
    predicate: (value) => explode(value, "filter").n % 3 > 0,
  },
  {
    kind: "tableMapValues",
    name: "map",
    inputs: ["filter"],
    mapper: (value) => ({ ...explode(value, "map"), mapped: true }),
    store: { name: "map" },
  },
  {
    kind: "groupTable",
    name: "group",
    inputs: ["map"],
    selector: (value) => ({ key: explode(value, "group").group, value }),
  },
  {
    kind: "tableAggregate",
    name: "sum",
    inputs: ["group"],
    store: { name: "sum" },
    initializer: () => 0,
    adder: sum,
    subtractor: (aggregate, value) => {
      const left = (aggregate as number) - explode(value, "subtract").n;
      return left === 0 ? null : left;
    },
  },
  topic("sums", "sum"),
  suppress("calm", "map", { whenFull: "shutDown" }),
  { kind: "peek", name: "check", inputs: ["calm"], action: (value) => value !== null && explode(value, "check") },
  topic("calm", "calm"),
  suppress("early", "calm", { maxRecords: 2, maxBytes: 500, whenFull: "emitEarly" }),
  topic("early", "early"),
  {
    kind: "filter",
    name: "odd",
    inputs: ["source"],
    predicate: (value) => value !== null && explode(value, "odd").n % 2 === 1,
  },
  {
    kind: "aggregate",
    name: "cogroup",
    inputs: ["source", "odd"],
    store: { name: "cogroup", retentionMs: 30 },
    windows: { kind: "time", sizeMs: 10, advanceMs: 5, graceMs: 5 },
    initializer: () => 0,
    aggregator: (count) => (count as number) + 1,
    others: [(count, value) => (count as number) * 10 + explode(value, "cogroup").n],
  },
  {
    kind: "tableFilter",
    name: "even",
    inputs: ["cogroup"],
    predicate: (value) => (value as number) % 2 === 0,
  },
  {
    kind: "suppress",
    name: "final",
    inputs: ["even"],
    store: { name: "final" },
    until: "windowCloses",
    waitMs: 5,
    buffer: { whenFull: "shutDown" },
  },
  topic("final", "final"),
];

const boom = fc.constantFrom("filter", "map", "group", "sum", "subtract", "check", "odd", "cogroup");
const row = { n: fc.nat(8), group: fc.constantFrom("x", "y", null) };
const given: fc.Arbitrary<Given> = fc.record({
  key: fc.oneof(
    { weight: 9, arbitrary: fc.constantFrom("a", "b", "c", "é") },
    { weight: 1, arbitrary: fc.constant(null) },
  ),
  value: fc.oneof(
    { weight: 7, arbitrary: fc.record(row) },
    { weight: 2, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: fc.record({ ...row, boom }) },
  ),
  timestampMs: fc.nat(120),
});
const log = fc.array(given, { maxLength: 40 }).map(logOf);
const cacheBytes = fc.constantFrom(0, 500, 1_000_000);
const slices = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 8 });
const plan = planOf(nodes);

/** All of every store, those that are not read from outside too. */
function rowsOf(of: Plan, store: MemoryStateStore): unknown {
  return of.nodes
    .flatMap(storesOf)
    .map(({ name, kind }) => [
      name,
      kind === "window" ? store.scanWindows(name, undefined, 10_000) : store.scan(name, undefined, 10_000),
    ]);
}

function runs(records: ReturnType<typeof logOf>, running: Running): unknown {
  const store = new MemoryStateStore();
  const { sent, progress } = runTask(plan, records, { ...running, store });
  return { sent, progress, state: rowsOf(plan, store) };
}

test(
  "tables, groups, cogroups and suppression: any slicing, crash and cache give the same [TSK-1, SUP-5]",
  { timeout: TIMEOUT_MS },
  () => {
    fc.assert(
      fc.property(log, slices, fc.record({ crash: fc.boolean(), cacheBytes }), (records, sizes, how) => {
        expect(runs(records, { slices: sizes, ...how })).toEqual(runs(records, {}));
      }),
      { numRuns: 300 },
    );
  },
);

test("so do micro-batches, wherever it crashes between them [TSK-1, SUP-5]", { timeout: TIMEOUT_MS }, () => {
  fc.assert(
    fc.property(log, slices, cacheBytes, (records, sizes, bytes) => {
      const how = { slices: sizes, microBatches: true };
      expect(runs(records, { ...how, crash: true, cacheBytes: bytes })).toEqual(runs(records, how));
    }),
    { numRuns: 200 },
  );
});
