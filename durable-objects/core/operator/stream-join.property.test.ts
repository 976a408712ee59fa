import fc from "fast-check";
import { expect, test } from "vitest";
import { joinWindows, pipeline, type Stream, tumbling, unbounded } from "../../../sdk/streams/index.ts";
import type { Plan } from "../../../schema/plan.ts";
import { holds, type JoinEvent, JoinModel, type JoinRules, type Joined } from "../../test/join-model.ts";
import { logOf, runTask, type Running } from "../../test/task-harness.ts";

const TIMEOUT_MS = 60_000;

/** Both sides come from one topic, so that the order of arrival is that of the log. */
function planOf(rules: JoinRules): Plan {
  return pipeline("joined", ({ stream }) => {
    const both = stream<{ side: string; n: number | null }>("in");
    const side = (name: string): Stream<number | null> =>
      both.filter((each) => each.side === name).mapValues(({ n }) => n);
    const [left, right] = [side("left"), side("right")];
    const pair = (l: number | null, r: number | null): unknown => [l, r];
    const where = rules.where ? holds : undefined;
    const { windows, unmatched, once } = rules;
    if (rules.join === "semi") left.semiJoin(right, { windows: windows ?? unbounded(), where }).to("out");
    else if (rules.join === "inner") left.join(right, pair, { windows: windows ?? unbounded(), where, once }).to("out");
    else if (windows === undefined) throw new Error("an outer join has windows");
    else if (rules.join === "left") left.leftJoin(right, pair, { windows, where, unmatched }).to("out");
    else left.outerJoin(right, pair, { windows, where, unmatched }).to("out");
  }).plan;
}

function run(rules: JoinRules, events: readonly JoinEvent[], running: Running): Joined[] {
  const log = logOf(events.map(({ side, key, n, timestampMs }) => ({ key, value: { side, n }, timestampMs })));
  const { sent } = runTask(planOf(rules), log, running);
  expect(sent["topic:dead/0"]).toBeUndefined();
  return (sent["topic:out/0"] ?? []).map(({ key, value, timestampMs }) => ({
    key,
    value: JSON.parse(value ?? "null") as unknown,
    timestampMs,
  }));
}

function modelled(rules: JoinRules, events: readonly JoinEvent[]): Joined[] {
  const model = new JoinModel(rules);
  for (const event of events) model.take(event);
  return model.results;
}

const event: fc.Arbitrary<JoinEvent> = fc.record({
  side: fc.constantFrom("left" as const, "right" as const),
  key: fc.oneof({ weight: 9, arbitrary: fc.constantFrom("a", "b", "é") }, { weight: 1, arbitrary: fc.constant(null) }),
  n: fc.oneof({ weight: 9, arbitrary: fc.nat(4) }, { weight: 1, arbitrary: fc.constant(null) }),
  timestampMs: fc.nat(40),
});
const ms = fc.nat(8);
const windows = fc.oneof(
  fc.record({ before: ms, after: ms, grace: ms }).map((given) => joinWindows(given)),
  fc.record({ size: fc.integer({ min: 1, max: 12 }), grace: ms }).map((given) => tumbling(given)),
);
const rules: fc.Arbitrary<JoinRules> = fc.oneof(
  fc.record({
    join: fc.constant("semi" as const),
    unmatched: fc.constant("onClose" as const),
    windows: fc.option(windows, { nil: undefined }),
    where: fc.boolean(),
  }),
  fc.record({
    join: fc.constant("inner" as const),
    unmatched: fc.constant("onClose" as const),
    windows: fc.option(windows, { nil: undefined }),
    where: fc.boolean(),
    once: fc.constantFrom(true, undefined),
  }),
  fc.record({
    join: fc.constantFrom("left" as const, "outer" as const),
    unmatched: fc.constantFrom("onClose" as const, "eager" as const, "kafka" as const),
    windows,
    where: fc.boolean(),
  }),
);
const running: fc.Arbitrary<Running> = fc.record({
  slices: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 8 }),
  crash: fc.boolean(),
  cacheBytes: fc.constantFrom(0, 500, 1_000_000),
  microBatches: fc.boolean(),
});

test(
  "is what every pair looked at gives, whatever the slices, crashes, caches and batches [JON-2, JON-3, JON-19, JON-21, TSK-1]",
  () => {
    fc.assert(
      fc.property(rules, fc.array(event, { maxLength: 60, size: "max" }), running, (given, events, how) => {
        expect(run(given, events, how)).toEqual(modelled(given, events));
      }),
      { numRuns: 600 },
    );
  },
  TIMEOUT_MS,
);
