import fc from "fast-check";
import { expect, test } from "vitest";
import { hopping, pipeline, type Stream, type Table } from "../../../sdk/streams/index.ts";
import type { Plan } from "../../../schema/plan.ts";
import type { Windowed } from "../../../schema/windows.ts";
import { logOf, runTask, type Running } from "../../test/task-harness.ts";

const TIMEOUT_MS = 60_000;
const [SIZE, ADVANCE] = [10, 5];

interface Event {
  readonly side: "left" | "right";
  readonly key: string | null;
  /** null takes the row away. */
  readonly n: number | null;
  readonly timestampMs: number;
}

interface Case {
  readonly word: "join" | "leftJoin" | "outerJoin";
  /** The left rows pass a mapper and a filter. */
  readonly derived: boolean;
  readonly grace: number;
  readonly retention: { readonly left: number; readonly right: number };
  readonly given: readonly Event[];
}

const event: fc.Arbitrary<Event> = fc.record({
  side: fc.constantFrom("left" as const, "right" as const),
  key: fc.oneof({ weight: 9, arbitrary: fc.constantFrom("a", "b") }, { weight: 1, arbitrary: fc.constant(null) }),
  n: fc.oneof({ weight: 7, arbitrary: fc.integer({ min: 1, max: 9 }) }, { weight: 2, arbitrary: fc.constant(null) }),
  timestampMs: fc.nat(50),
});
const cases: fc.Arbitrary<Case> = fc
  .record({
    word: fc.constantFrom("join" as const, "leftJoin" as const, "outerJoin" as const),
    derived: fc.boolean(),
    grace: fc.nat(30),
    more: fc.tuple(fc.nat(15), fc.nat(15)),
    given: fc.array(event, { maxLength: 40, size: "max" }),
  })
  .map(({ more: [left, right], ...rest }) => {
    const least = SIZE + rest.grace;
    return { ...rest, retention: { left: least + left, right: least + right } };
  });
const running: fc.Arbitrary<Running> = fc.record({
  slices: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 8 }),
  crash: fc.boolean(),
  cacheBytes: fc.constantFrom(0, 500, 1_000_000),
});

const pair = (left: unknown, right: unknown): unknown => [left, right];
const add = (sum: number, n: number | null): number | null => (n === null ? null : sum + n);
const shows = (n: number): boolean => n % 3 !== 0;

function planOf({ word, derived, grace, retention }: Case): Plan {
  return pipeline("joined", ({ stream }) => {
    const both = stream<{ side: string; n: number | null }>("in");
    const side = (name: "left" | "right"): Table<number | null, Windowed> => {
      const values: Stream<number | null> = both.filter((each) => each.side === name).mapValues(({ n }) => n);
      return values
        .groupByKey()
        .windowedBy(hopping({ size: SIZE, advance: ADVANCE, grace }))
        .aggregate(() => 0, add as never, { retention: retention[name] });
    };
    const left = derived
      ? side("left")
          .mapValues((n) => n * 2)
          .filter(shows)
      : side("left");
    const right = side("right");
    const rows =
      word === "join"
        ? left.join(right, pair)
        : word === "leftJoin"
          ? left.leftJoin(right, pair)
          : left.outerJoin(right, pair);
    rows.toStream((_value, { key, start }) => `${key}@${start}`).to("out");
  }).plan;
}

interface Row {
  readonly n: number;
  readonly timestampMs: number;
}

/** Both aggregates, and the rows of the join made anew with every change. */
class Model {
  readonly results: string[] = [];
  readonly #case: Case;
  readonly #rows = { left: new Map<string, Row>(), right: new Map<string, Row>() };
  readonly #time = { left: -Infinity, right: -Infinity };
  readonly #sent = new Set<string>();

  constructor(subject: Case) {
    this.#case = subject;
  }

  take({ side, key, n, timestampMs }: Event): void {
    if (key === null) return;
    this.#time[side] = Math.max(this.#time[side], timestampMs);
    for (let start = 0; start <= timestampMs; start += ADVANCE) {
      const end = start + SIZE;
      if (timestampMs < end && end + this.#case.grace > this.#time[side])
        this.#fold(side, `${key}@${start}`, { n, timestampMs });
    }
  }

  #fold(side: Event["side"], key: string, { n, timestampMs }: { n: number | null; timestampMs: number }): void {
    const row = this.#rows[side].get(key);
    const before = this.#seen(side, row);
    const at = Math.max(timestampMs, row?.timestampMs ?? -Infinity);
    if (n === null) this.#rows[side].delete(key);
    else this.#rows[side].set(key, { n: (row?.n ?? 0) + n, timestampMs: at });
    const now = this.#seen(side, this.#rows[side].get(key));
    if (this.#case.derived && side === "left" && before === null && now === null) return;
    this.#join(side, key, { n: now, timestampMs: at });
  }

  #join(side: Event["side"], key: string, ours: { n: number | null; timestampMs: number }): void {
    const { word, retention } = this.#case;
    const other = side === "left" ? "right" : "left";
    const gone = Number(key.split("@")[1]) + retention[other] <= this.#time[other];
    if (gone && (word === "join" || (word === "leftJoin" && side === "right"))) return;
    const row = gone ? undefined : this.#rows[other].get(key);
    const theirs = this.#seen(other, row);
    const [left, right] = side === "left" ? [ours.n, theirs] : [theirs, ours.n];
    const none =
      word === "join" ? left === null || right === null : left === null && (right === null || word === "leftJoin");
    if (none && !this.#sent.has(key)) return;
    if (none) this.#sent.delete(key);
    else this.#sent.add(key);
    const at = Math.max(ours.timestampMs, theirs === null ? -Infinity : (row?.timestampMs ?? -Infinity));
    this.results.push(`${key} ${none ? "null" : JSON.stringify([left, right])} (${at})`);
  }

  #seen(side: Event["side"], row: Row | undefined): number | null {
    if (row === undefined) return null;
    if (!this.#case.derived || side === "right") return row.n;
    return shows(row.n * 2) ? row.n * 2 : null;
  }
}

function run(subject: Case, how: Running): string[] {
  const log = logOf(subject.given.map(({ side, key, n, timestampMs }) => ({ key, value: { side, n }, timestampMs })));
  const { sent } = runTask(planOf(subject), log, how);
  expect(sent["topic:dead/0"]).toBeUndefined();
  return (sent["topic:out/0"] ?? []).map(({ key, value, timestampMs }) => `${key} ${value} (${timestampMs})`);
}

test(
  "windowed tables are joined as both aggregates have the window, however their input is sliced [JON-22, JON-23, TSK-1]",
  () => {
    fc.assert(
      fc.property(cases, running, (subject, how) => {
        const model = new Model(subject);
        for (const each of subject.given) model.take(each);
        expect(run(subject, how)).toEqual(model.results);
      }),
      { numRuns: 500 },
    );
  },
  TIMEOUT_MS,
);

test(
  "in micro-batches neither crashes nor memory change what comes of them [JON-22, TSK-1]",
  () => {
    fc.assert(
      fc.property(cases, running, (subject, { slices, cacheBytes }) => {
        const kept = run(subject, { slices, microBatches: true });
        expect(run(subject, { slices, microBatches: true, crash: true, cacheBytes })).toEqual(kept);
      }),
      { numRuns: 200 },
    );
  },
  TIMEOUT_MS,
);

test(
  "what a micro-batch sends last of each window is what single records send, where nothing is let go [JON-22]",
  () => {
    fc.assert(
      fc.property(cases, running, (given, { slices }) => {
        const subject = { ...given, retention: { left: 1_000, right: 1_000 } };
        const present = (results: readonly string[]): ReadonlyMap<string, string> => {
          const last = new Map<string, string>();
          for (const [key = "", value = ""] of results.map((each) => each.split(" "))) last.set(key, value);
          return new Map([...last].filter(([, value]) => value !== "null"));
        };
        expect(present(run(subject, { slices, microBatches: true }))).toEqual(present(run(subject, {})));
      }),
      { numRuns: 200 },
    );
  },
  TIMEOUT_MS,
);
