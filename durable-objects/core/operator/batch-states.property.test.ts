import fc from "fast-check";
import { expect, test } from "vitest";
import type { AggregateNode, Plan, PlanNode } from "../../../schema/plan.ts";
import { logOf, type Outcome, planOf, runTask, type Given } from "../../test/task-harness.ts";

type Functions = Pick<AggregateNode, "initializer" | "aggregator" | "plain" | "immutable">;

const BAD = -1;

/** Throws on a bad value before it can have changed anything. */
function checked(value: unknown): number {
  if (value === BAD) throw new Error("bad");
  return value as number;
}

interface Totals {
  readonly count: number;
  readonly sum: readonly number[];
}

const functions: { readonly [name: string]: Functions } = {
  number: { initializer: () => 0, aggregator: (count, value) => (count as number) + (checked(value) > 0 ? 1 : 0) },
  "numbers that are no JSON": {
    initializer: () => 0,
    aggregator: (sum, value) => (checked(value) === 3 ? NaN : (sum as number) - checked(value)),
  },
  plain: {
    plain: true,
    initializer: (): Totals => ({ count: 0, sum: [0] }),
    aggregator: (state, value): Totals => ({
      count: (state as Totals).count + 1,
      sum: [((state as Totals).sum[0] ?? 0) + checked(value)],
    }),
  },
  "plain until it is large": {
    plain: true,
    initializer: () => [""],
    aggregator: (state, value) => [(state as string[])[0] + `${checked(value)}`.repeat(700)],
  },
  immutable: {
    immutable: true,
    initializer: () => [],
    aggregator: (state, value) => {
      const highest = state as readonly { value: number }[];
      if (highest.length > 0 && (highest[0]?.value ?? 0) >= checked(value)) return highest;
      return [{ value: checked(value), lost: undefined }, ...highest];
    },
  },
  "changed in place": {
    initializer: () => [],
    aggregator: (state, value) => {
      (state as unknown[]).push(value);
      checked(value);
      return state;
    },
  },
  "removed by 0": {
    initializer: () => "",
    aggregator: (text, value) => (checked(value) === 0 ? null : `${String(text)}${checked(value)}`),
  },
  reduce: { aggregator: (state, value) => (checked(value) > (state as number) ? value : state) },
};

const windows: readonly AggregateNode["windows"][] = [
  undefined,
  { kind: "time", sizeMs: 10, advanceMs: 10, graceMs: 0 },
  { kind: "time", sizeMs: 10, advanceMs: 2, graceMs: 3 },
  { kind: "time", sizeMs: 7, advanceMs: 3, graceMs: 0 },
  { kind: "cumulative", sizeMs: 12, stepMs: 3, graceMs: 2 },
  { kind: "unlimited", startMs: 5 },
];

function plan(aggregate: Partial<AggregateNode> & Functions): Plan {
  const nodes: PlanNode[] = [
    { kind: "source", name: "source", inputs: [], topic: "in", format: "json" },
    { kind: "aggregate", name: "aggregate", inputs: ["source"], store: { name: "states" }, ...aggregate },
    {
      kind: "mapValues",
      name: "show",
      inputs: ["aggregate"],
      mapper: (value, key, { timestampMs, offset }): Shown => ({
        key: JSON.stringify(key),
        value,
        timestampMs,
        offset,
      }),
    },
    { kind: "sink", name: "out", inputs: ["show"], sink: { kind: "topic", topic: "out", format: "json" } },
  ];
  return planOf(nodes);
}

interface Shown {
  readonly key: string;
  readonly value: unknown;
  readonly timestampMs: number;
  readonly offset: number;
}

function sentBy({ sent }: Outcome): Shown[] {
  return (sent["topic:out/0"] ?? []).map(({ value }) => JSON.parse(value ?? "null") as Shown);
}

function lettersOf({ sent }: Outcome): object[] {
  // The stack says which way a record went.
  return (sent["topic:dead/0"] ?? []).map((letter) => ({
    ...letter,
    headers: { ...letter.headers, "millrace.stack": "" },
  }));
}

/** Of what is sent for each record, what a micro-batch sends: the last of each key, where its first stood. */
function lastOfBatches(sent: readonly Shown[], size: number): Shown[] {
  const last = new Map<string, Shown>();
  for (const shown of sent) last.set(`${Math.floor(shown.offset / size)} ${shown.key}`, shown);
  return [...last.values()];
}

const given: fc.Arbitrary<Given> = fc.record({
  key: fc.option(fc.constantFrom("a", "b", "c"), { freq: 12 }),
  value: fc.constantFrom(BAD, 0, 1, 2, 3),
  timestampMs: fc.nat(60),
});

const cases = Object.keys(functions).flatMap((name) => windows.map((window) => ({ name, window })));

test.each(cases)(
  "a micro-batch of $name, windows $window.kind $window.sizeMs, gives of each key what its records one by one gave last [AGG-7, AGG-27]",
  ({ name, window }) => {
    const aggregate = { ...(functions[name] as Functions), windows: window };
    fc.assert(
      fc.property(fc.array(given, { maxLength: 40 }), fc.integer({ min: 1, max: 12 }), (records, size) => {
        const log = logOf(records);
        const single = runTask(plan(aggregate), log, { slices: [size] });
        const batched = runTask(plan(aggregate), log, { slices: [size], microBatches: true });
        expect(sentBy(batched)).toEqual(lastOfBatches(sentBy(single), size));
        expect(batched.state).toEqual(single.state);
        expect(lettersOf(batched)).toEqual(lettersOf(single));
        expect({ ...batched.counters, recordsOut: 0 }).toEqual({ ...single.counters, recordsOut: 0 });
        const restored = { slices: [size], microBatches: true, crash: true, cacheBytes: 0 };
        expect(runTask(plan(aggregate), log, restored)).toEqual(batched);
      }),
      { numRuns: 20 },
    );
  },
);

test("windows that are sent when they have closed are the same by micro-batches and one by one [AGG-27]", () => {
  const closing = plan({ ...(functions["plain"] as Functions), windows: windows[2], emit: "onClose" });
  const sent = (outcome: Outcome) =>
    sentBy(outcome).map(({ key, value, timestampMs }) => ({ key, value, timestampMs }));
  fc.assert(
    fc.property(fc.array(given, { maxLength: 40 }), fc.integer({ min: 1, max: 12 }), (records, size) => {
      const log = logOf(records);
      const single = runTask(closing, log);
      const batched = runTask(closing, log, { slices: [size], microBatches: true });
      expect(sent(batched)).toEqual(sent(single));
      expect(batched.state).toEqual(single.state);
    }),
  );
});

test("a join that looks rows up in a micro-batch finds them as its earlier records left them [AGG-27]", () => {
  const nodes: PlanNode[] = [
    { kind: "source", name: "source", inputs: [], topic: "in", format: "json" },
    {
      kind: "aggregate",
      name: "counts",
      inputs: ["source"],
      store: { name: "counts" },
      ...(functions["number"] as Functions),
    },
    {
      kind: "streamTableJoin",
      name: "join",
      inputs: ["source", "counts"],
      join: "inner",
      store: { name: "waiting" },
      joiner: (value, count) => [value, count],
    },
    { kind: "sink", name: "out", inputs: ["join"], sink: { kind: "topic", topic: "out", format: "json" } },
  ];
  const log = logOf([1, 2, 3].map((value) => ({ key: "a", value })));
  const { sent } = runTask(planOf(nodes), log, { microBatches: true });
  expect(sent["topic:out/0"]?.map(({ value }) => value)).toEqual(["[1,1]", "[2,2]", "[3,3]"]);
});
