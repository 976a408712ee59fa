import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { AggregateNode, PlanNode } from "../../../schema/plan.ts";
import type { TimeWindows, Windowed } from "../../../schema/windows.ts";
import { logOf, planOf, runTask, type Given, type Outcome, type Running } from "../../test/task-harness.ts";
import { type SlotWindows, slotsOf } from "./window-slots.ts";

const HOUR = 3_600_000;
const tumbling = (sizeMs: number, graceMs: number): TimeWindows => ({
  kind: "time",
  sizeMs,
  advanceMs: sizeMs,
  graceMs,
});

/** Text concatenation, as Kafka's tests do; what comes out is readable: `a@0 0+1 (5)`. */
function windowed(
  windows: SlotWindows,
  given: readonly Given[],
  running: Running & Partial<AggregateNode> = {},
): Outcome & { out: string[] } {
  const nodes: PlanNode[] = [
    { kind: "source", name: "source", inputs: [], topic: "in", format: "json" },
    {
      kind: "aggregate",
      name: "aggregate",
      inputs: ["source"],
      store: running.store ?? { name: "windows" },
      windows,
      ...("initializer" in running ? {} : { initializer: () => "0" }),
      aggregator: (aggregate, value) => `${String(aggregate)}+${String(value)}`,
    },
    {
      kind: "mapValues",
      name: "show",
      inputs: ["aggregate"],
      mapper: (value, key, { timestampMs }) => show(key as Windowed, value, timestampMs),
    },
    { kind: "sink", name: "out", inputs: ["show"], sink: { kind: "topic", topic: "out", format: "json" } },
  ];
  const { store: _, initializer: __, ...rest } = running;
  const outcome = runTask(planOf(nodes), logOf(given), rest as Running);
  return {
    ...outcome,
    out: (outcome.sent["topic:out/0"] ?? []).map(({ value }) => JSON.parse(value ?? "null") as string),
  };
}

function show(key: Windowed, value: unknown, timestampMs: number): string {
  return `${key.key}@${key.start}-${key.end} ${String(value)} (${timestampMs})`;
}

interface Case {
  readonly test: string;
  readonly windows: TimeWindows;
  readonly reduce: boolean;
  readonly input: readonly Given[];
  readonly output: readonly { readonly key: Windowed; readonly value: string; readonly timestampMs: number }[];
}

const vectors = JSON.parse(readFileSync(new URL("window-aggregate.vectors.json", import.meta.url), "utf8")) as {
  cases: Case[];
};

test.each(vectors.cases)("Kafka's $test [WIN-1, WIN-3, WIN-4]", ({ windows, reduce, input, output }) => {
  const { out } = windowed(windows, input, reduce ? { initializer: undefined } : {});
  expect(out).toEqual(output.map(({ key, value, timestampMs }) => show(key, value, timestampMs)));
});

test("5 ms windows advancing 3 ms: t = 7 lies in [3,8) and [6,11) [WIN-1]", () => {
  expect(
    windowed({ kind: "time", sizeMs: 5, advanceMs: 3, graceMs: 0 }, [{ key: "a", value: "x", timestampMs: 7 }]).out,
  ).toEqual(["a@3-8 0+x (7)", "a@6-11 0+x (7)"]);
});

function startsOf(windows: SlotWindows, timestampMs: number): number[] {
  const slots = slotsOf(windows, undefined);
  const starts: number[] = [];
  const last = slots.last(timestampMs);
  for (let slot = slots.first(timestampMs); slot <= last; slot += slots.stepMs)
    starts.push(slots.keyOf("", slot).start);
  return starts;
}

test("tumbling windows partition time, before 0 too; hopping ones hold a time size / advance times [WIN-1]", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: -10_000, max: 10_000 }),
      fc.integer({ min: 1, max: 50 }),
      fc.integer({ min: 1, max: 5 }),
      (t, advanceMs, times) => {
        const sizeMs = advanceMs * times;
        const starts = startsOf({ kind: "time", sizeMs, advanceMs, graceMs: 0 }, t);
        expect(starts.every((start) => start <= t && t < start + sizeMs && start % advanceMs === 0)).toBe(true);
        expect(starts.length).toBe(t < 0 ? times : Math.min(times, Math.floor(t / advanceMs) + 1));
      },
    ),
  );
});

test("no window of a time from 0 on starts before 0 [WIN-2]", () => {
  const { out } = windowed({ kind: "time", sizeMs: 10, advanceMs: 5, graceMs: 0 }, [
    { key: "a", value: "x", timestampMs: 4 },
  ]);
  expect(out).toEqual(["a@0-10 0+x (4)"]);
});

test("a window takes records until stream time reaches end + grace; then they are late and counted [WIN-3]", () => {
  const at = (timestampMs: number): Given => ({ key: "a", value: `${timestampMs}`, timestampMs });
  const { out, counters } = windowed(tumbling(10, 5), [at(3), at(14), at(4), at(15), at(9), at(15)]);
  expect(out).toEqual([
    "a@0-10 0+3 (3)",
    "a@10-20 0+14 (14)",
    "a@0-10 0+3+4 (4)",
    "a@10-20 0+14+15 (15)",
    "a@10-20 0+14+15+15 (15)",
  ]);
  expect(counters.lateRecords).toBe(1);
});

test("a record late for some of its windows goes into the others and counts once [WIN-3]", () => {
  const given = [20, 14].map((timestampMs) => ({ key: "a", value: "x", timestampMs }));
  const { out, counters } = windowed({ kind: "time", sizeMs: 10, advanceMs: 2, graceMs: 0 }, given);
  expect(out.slice(5)).toEqual(
    ["a@12-22 0+x (20)", "a@14-24 0+x (20)"].map((line) => line.replace("0+x", "0+x+x")).slice(0, 2),
  );
  expect(counters.lateRecords).toBe(1);
});

test("stream time is the operator's own: a record another node takes away does not move it [WIN-5]", () => {
  const nodes = (inputs: string): PlanNode[] => [
    { kind: "source", name: "source", inputs: [], topic: "in", format: "json" },
    { kind: "filter", name: "filter", inputs: ["source"], predicate: (value) => value !== "gone" },
    {
      kind: "aggregate",
      name: "count",
      inputs: [inputs],
      store: { name: "s" },
      windows: tumbling(10, 0),
      initializer: () => 0,
      aggregator: (n) => (n as number) + 1,
    },
  ];
  const log = logOf([
    { key: "a", value: "gone", timestampMs: 1000 },
    { key: "a", value: "kept", timestampMs: 5 },
  ]);
  expect(runTask(planOf(nodes("filter")), log).counters.lateRecords).toBe(0);
  expect(runTask(planOf(nodes("source")), log).counters.lateRecords).toBe(1);
});

test("a null key is dropped and counted and moves no clock; a null value is folded [WIN-6]", () => {
  const { out, counters } = windowed(tumbling(10, 0), [
    { key: null, value: "x", timestampMs: 1000 },
    { key: "a", value: null, timestampMs: 5 },
  ]);
  expect(out).toEqual(["a@0-10 0+null (5)"]);
  expect(counters).toMatchObject({ droppedRecords: 1, lateRecords: 0 });
});

test("windows go when stream time reaches start + retention, never while they take records [WIN-7]", () => {
  const firstGone = (windows: TimeWindows, retentionMs: number | undefined, streamTimeMs: number): number =>
    slotsOf(windows, retentionMs).expiredBefore(streamTimeMs) - windows.sizeMs;
  expect(firstGone(tumbling(HOUR, 0), undefined, 24 * HOUR)).toBe(0);
  expect(firstGone(tumbling(24 * HOUR, HOUR), undefined, 25 * HOUR)).toBe(0);
  expect(firstGone(tumbling(24 * HOUR, HOUR), undefined, 25 * HOUR - 1)).toBe(-24 * HOUR);
  expect(firstGone(tumbling(10, 5), 12, 15)).toBe(0);
  expect(firstGone(tumbling(10, 5), 12, 14)).toBe(-10);
  const starts = (timestamps: readonly number[], running: Running = {}): unknown => {
    const given = timestamps.map((timestampMs) => ({ key: "a", value: "x", timestampMs }));
    const nodes: PlanNode[] = [
      { kind: "source", name: "source", inputs: [], topic: "in", format: "json" },
      {
        kind: "aggregate",
        name: "count",
        inputs: ["source"],
        store: { name: "s", retentionMs: 20 },
        windows: tumbling(10, 0),
        initializer: () => 0,
        aggregator: (n) => (n as number) + 1,
      },
    ];
    const [[, rows]] = runTask(planOf(nodes), logOf(given), running).state as [[string, { start: number }[]]];
    return rows.map((row) => row.start);
  };
  expect(starts([5, 19])).toEqual([0, 10]);
  expect(starts([5, 20])).toEqual([20]);
  expect(starts([5, 20], { slices: [1] })).toEqual([20]);
  expect(starts([5, 12, 20], { slices: [1], crash: true })).toEqual([10, 20]);
});

test("a window expires only after it stopped taking records [WIN-7]", () => {
  const number = fc.integer({ min: 1, max: 100 });
  fc.assert(
    fc.property(
      number,
      fc.nat(100),
      fc.nat(300),
      fc.integer({ min: -500, max: 1000 }),
      // oxlint-disable-next-line max-params -- one for each arbitrary
      (sizeMs, graceMs, asked, streamTime) => {
        const slots = slotsOf(tumbling(sizeMs, graceMs), asked);
        const retentionMs = Math.max(asked, sizeMs + graceMs);
        const before = slots.expiredBefore(streamTime);
        expect(before - sizeMs).toBeLessThanOrEqual(slots.closedThrough(streamTime));
        expect(before - sizeMs + retentionMs).toBeLessThanOrEqual(streamTime);
        expect(before + retentionMs).toBeGreaterThan(streamTime);
      },
    ),
  );
});
