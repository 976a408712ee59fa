import fc from "fast-check";
import { expect, test } from "vitest";
import type { Plan } from "../../../schema/plan.ts";
import type { Windowed } from "../../../schema/windows.ts";
import {
  cumulative,
  every,
  hopping,
  onClose,
  onUpdate,
  pipeline,
  type Stream,
  type Table,
  untilWindowCloses,
} from "../../../sdk/streams/index.ts";
import { logOf, runTask } from "../../test/task-harness.ts";

const TIMEOUT_MS = 60_000;

type Value = number | null;
type Rows = Table<unknown, Windowed>;

const shape = fc.record({
  word: fc.constantFrom("join" as const, "leftJoin" as const, "outerJoin" as const),
  tombstones: fc.constantFrom("exact" as const, "kafka" as const),
  windows: fc.constantFrom(hopping({ size: 10, advance: 5, grace: 3 }), cumulative({ size: 10, step: 5, grace: 3 })),
  closing: fc.record({ left: fc.boolean(), right: fc.boolean() }),
  retention: fc.record({ left: fc.integer({ min: 13, max: 28 }), right: fc.integer({ min: 13, max: 28 }) }),
  watermark: fc.constantFrom(undefined, "everyRecord" as const, "everyBatch" as const),
  /** Its rows are joined once more. */
  again: fc.boolean(),
  out: fc.constantFrom("changes" as const, "final" as const, "complete" as const),
  /** The joiner throws on some. */
  throws: fc.boolean(),
  batches: fc.boolean(),
});
type Shape = typeof shape extends fc.Arbitrary<infer Made> ? Made : never;

const event = fc.record({
  side: fc.constantFrom("left", "right"),
  key: fc.constantFrom("a", "b"),
  n: fc.oneof({ weight: 7, arbitrary: fc.integer({ min: 1, max: 9 }) }, { weight: 2, arbitrary: fc.constant(null) }),
  timestampMs: fc.nat(80),
});
const running = fc.record({
  slices: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 8 }),
  cacheBytes: fc.constantFrom(0, 500, 1_000_000),
});

const inBatches = ({ batches, watermark, out }: Shape): boolean =>
  batches || watermark === "everyBatch" || out === "complete";

function planOf(given: Shape): Plan {
  const made = pipeline("joined", ({ stream }) => {
    const all = stream<{ side: string; n: Value }>("in");
    const both = given.watermark === undefined ? all : all.withWatermark(5, { moves: given.watermark });
    const side = (name: "left" | "right"): Rows => {
      const values: Stream<Value> = both.filter((each) => each.side === name).mapValues(({ n }) => n);
      return values
        .groupByKey()
        .windowedBy(given.windows as ReturnType<typeof hopping>)
        .emit(given.closing[name] ? onClose() : onUpdate())
        .aggregate<unknown>(
          () => 0,
          (sum, n) => (n === null ? null : (sum as number) + n),
          {
            retention: given.retention[name],
          },
        );
    };
    send(joined(side("left"), side("right"), given), given.out);
  });
  return (inBatches(given) ? made.trigger(every("10 seconds")) : made).plan;
}

function joined(left: Rows, right: Rows, { word, tombstones, throws, again }: Shape): Rows {
  const joiner = (a: unknown, b: unknown): unknown => {
    if (throws && a === 5) throw new Error("five");
    return [a, b];
  };
  const options = { store: "joined", tombstones };
  const rows: Rows =
    word === "join"
      ? left.join(right, joiner, options)
      : word === "leftJoin"
        ? left.leftJoin(right, joiner, options)
        : left.outerJoin(right, joiner, options);
  if (!again) return rows;
  const even = left.filter((n) => (n as number) % 2 === 0);
  return rows.leftJoin(even, joiner);
}

function send(rows: Rows, out: Shape["out"]): void {
  const changes =
    out === "complete" ? rows.complete() : (out === "final" ? rows.suppress(untilWindowCloses()) : rows).toStream();
  changes.selectKey((_value, { key, start, end }) => `${key}@${start}-${end}`).to("out");
}

test(
  "joins of windows of every shape: any slicing, crash and cache give the same [JON-22, JON-23, TSK-1]",
  () => {
    fc.assert(
      fc.property(shape, fc.array(event, { maxLength: 40, size: "max" }), running, (given, events, how) => {
        const plan = planOf(given);
        const log = logOf(events.map(({ key, side, n, timestampMs }) => ({ key, value: { side, n }, timestampMs })));
        const microBatches = inBatches(given);
        const { sent, state, counters } = runTask(plan, log, microBatches ? { slices: how.slices, microBatches } : {});
        const other = runTask(plan, log, { ...how, microBatches, crash: true });
        expect({ sent: other.sent, state: other.state, counters: other.counters }).toEqual({ sent, state, counters });
      }),
      { numRuns: 800 },
    );
  },
  TIMEOUT_MS,
);
