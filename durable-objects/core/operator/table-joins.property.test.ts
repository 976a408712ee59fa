import fc from "fast-check";
import { expect, test } from "vitest";
import { pipeline, type Stream } from "../../../sdk/streams/index.ts";
import type { Plan } from "../../../schema/plan.ts";
import { logOf, runTask, stateOf, type Running, type Sent } from "../../test/task-harness.ts";
import { MemoryStateStore } from "../store/memory-state-store.ts";

const TIMEOUT_MS = 60_000;

interface Event {
  readonly side: "left" | "right";
  readonly key: string | null;
  readonly n: number | null;
  readonly timestampMs: number;
}

interface Joined {
  readonly key: string | null;
  readonly value: unknown;
  readonly timestampMs: number;
}

const event: fc.Arbitrary<Event> = fc.record({
  side: fc.constantFrom("left" as const, "right" as const),
  key: fc.oneof({ weight: 9, arbitrary: fc.constantFrom("a", "b") }, { weight: 1, arbitrary: fc.constant(null) }),
  n: fc.oneof({ weight: 7, arbitrary: fc.nat(9) }, { weight: 3, arbitrary: fc.constant(null) }),
  timestampMs: fc.nat(15),
});
const events = fc.array(event, { maxLength: 50, size: "max" });
const running: fc.Arbitrary<Running> = fc.record({
  slices: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 8 }),
  crash: fc.boolean(),
  cacheBytes: fc.constantFrom(0, 500, 1_000_000),
  microBatches: fc.boolean(),
});

/** Both sides come from one topic, so that the order of arrival is that of the log. */
function planOf(
  join: (left: Stream<number | null>, right: Stream<number | null>) => { to(topic: string): void },
): Plan {
  return pipeline("joined", ({ stream }) => {
    const both = stream<{ side: string; n: number | null }>("in");
    const side = (name: string): Stream<number | null> =>
      both.filter((each) => each.side === name).mapValues(({ n }) => n);
    join(side("left"), side("right")).to("out");
  }).plan;
}

function run(plan: Plan, given: readonly Event[], how: Running): Joined[] {
  const log = logOf(given.map(({ side, key, n, timestampMs }) => ({ key, value: { side, n }, timestampMs })));
  const { sent } = runTask(plan, log, how);
  expect(sent["topic:dead/0"]).toBeUndefined();
  return (sent["topic:out/0"] ?? []).map(readable);
}

function readable({ key, value, timestampMs }: Sent): Joined {
  return { key, value: JSON.parse(value ?? "null") as unknown, timestampMs };
}

interface Lookup {
  readonly historyMs: number | undefined;
  readonly graceMs: number | undefined;
}

const pair = (left: unknown, right: unknown): unknown => [left, right];

/** A stream with the rows of a table, as every change and every record looked at give it. */
class LookupModel {
  readonly results: Joined[] = [];
  readonly #rules: Lookup;
  readonly #changes: Event[] = [];
  #waiting: Event[] = [];
  #tableTime = -Infinity;
  #streamTime = -Infinity;

  constructor(rules: Lookup) {
    this.#rules = rules;
  }

  take(event: Event): void {
    if (event.side === "right") return this.#change(event);
    if (event.n === null) return;
    const { graceMs } = this.#rules;
    if (graceMs === undefined || event.key === null) return this.#join(event);
    this.#streamTime = Math.max(this.#streamTime, event.timestampMs);
    if (event.timestampMs < this.#streamTime - graceMs) this.#join(event);
    else this.#waiting.push(event);
    const due = this.#waiting.filter(({ timestampMs }) => timestampMs <= this.#streamTime - graceMs);
    this.#waiting = this.#waiting.filter((each) => !due.includes(each));
    const order = due.toSorted(
      (a, b) => a.timestampMs - b.timestampMs || ((a.key ?? "") < (b.key ?? "") ? -1 : Number(a.key !== b.key)),
    );
    for (const each of order) this.#join(each);
  }

  #change(event: Event): void {
    if (event.key === null) return;
    this.#tableTime = Math.max(this.#tableTime, event.timestampMs);
    if (event.timestampMs >= this.#oldest) this.#changes.push(event);
  }

  #join({ key, n, timestampMs }: Event): void {
    this.results.push({ key, value: [n, this.#row(key, timestampMs)], timestampMs });
  }

  #row(key: string | null, asOf: number): number | null {
    const changes = this.#changes.filter((change) => change.key === key);
    if (this.#rules.historyMs === undefined) return changes.at(-1)?.n ?? null;
    // A sort is stable: of one time the later arrival counts.
    const byTime = changes.toSorted((a, b) => a.timestampMs - b.timestampMs);
    const latest = byTime.at(-1);
    if (latest !== undefined && latest.timestampMs <= asOf) return latest.n;
    if (asOf < this.#oldest) return null;
    return byTime.findLast(({ timestampMs }) => timestampMs <= asOf)?.n ?? null;
  }

  get #oldest(): number {
    return this.#rules.historyMs === undefined ? -Infinity : this.#tableTime - this.#rules.historyMs;
  }
}

interface Case extends Lookup {
  readonly given: readonly Event[];
}

/** In times of one ms, or of so many that the rows of a history share buckets. */
const lookup: fc.Arbitrary<Case> = fc
  .record({
    historyMs: fc.option(fc.integer({ min: 1, max: 12 }), { nil: undefined }),
    graceMs: fc.option(fc.nat(10), { nil: undefined }),
    given: events,
    scale: fc.constantFrom(1, 50),
  })
  .map(({ historyMs, graceMs, given, scale }) => ({
    historyMs: historyMs && historyMs * scale,
    graceMs: graceMs && graceMs * scale,
    given: given.map((each) => ({ ...each, timestampMs: each.timestampMs * scale })),
  }));

test(
  "a stream is joined with the row as it is, or as it was, at once or when its time has passed [JON-10, JON-11, TSK-1]",
  () => {
    fc.assert(
      fc.property(lookup, running, ({ historyMs, graceMs, given }, how) => {
        const versioned = historyMs === undefined ? undefined : { historyRetention: historyMs };
        const plan = planOf((left, right) => left.leftJoin(right.toTable({ versioned }), pair, { grace: graceMs }));
        const model = new LookupModel({ historyMs, graceMs });
        for (const each of given) model.take(each);
        expect(run(plan, given, how)).toEqual(model.results);
      }),
      { numRuns: 600 },
    );
  },
  TIMEOUT_MS,
);

type Word = "join" | "leftJoin" | "outerJoin";

/** A join of tables, every row made anew with every change. */
class TableJoinModel {
  readonly results: Joined[] = [];
  readonly #word: Word;
  readonly #rows = { left: new Map<string, Event>(), right: new Map<string, Event>() };
  readonly #sent = new Set<string>();

  constructor(word: Word) {
    this.#word = word;
  }

  take(event: Event): void {
    const { side, key, n, timestampMs } = event;
    if (key === null) return;
    if (n === null) this.#rows[side].delete(key);
    else this.#rows[side].set(key, event);
    const other = this.#rows[side === "left" ? "right" : "left"].get(key);
    const value = this.rowOf(key);
    const at = Math.max(timestampMs, other?.timestampMs ?? -Infinity);
    if (value !== null || this.#sent.has(key)) this.results.push({ key, value, timestampMs: at });
    if (value === null) this.#sent.delete(key);
    else this.#sent.add(key);
  }

  rowOf(key: string): unknown {
    const left = this.#rows.left.get(key)?.n ?? null;
    const right = this.#rows.right.get(key)?.n ?? null;
    if (left === null && (right === null || this.#word !== "outerJoin")) return null;
    if (right === null && this.#word === "join") return null;
    return [left, right];
  }
}

test(
  "a join of tables sends every row that a change makes, and one tombstone for one that goes [JON-12, TSK-1]",
  () => {
    fc.assert(
      fc.property(fc.constantFrom<Word>("join", "leftJoin", "outerJoin"), events, running, (word, given, how) => {
        const plan = planOf((left, right) => {
          const [a, b] = [left.toTable(), right.toTable()];
          if (word === "join") return a.join(b, pair, { store: "joined" });
          return word === "leftJoin"
            ? a.leftJoin(b, pair, { store: "joined" })
            : a.outerJoin(b, pair, { store: "joined" });
        });
        const model = new TableJoinModel(word);
        for (const each of given) model.take(each);
        const store = new MemoryStateStore();
        const results = run(plan, given, { ...how, store });
        if (how.microBatches !== true) expect(results).toEqual(model.results);
        const rows = (
          JSON.parse(JSON.stringify(stateOf(plan, store))) as [string, { key: string; value: string }[]][]
        ).find(([name]) => name === "joined")?.[1];
        const expected = ["a", "b"].flatMap((key) => {
          const row = model.rowOf(key);
          return row === null ? [] : [{ key, row }];
        });
        expect(rows?.map(({ key, value }) => ({ key, row: JSON.parse(value) as unknown }))).toEqual(expected);
        // What was sent last of each key is its row, and a tombstone is sent after one.
        for (const key of ["a", "b"]) {
          const sent = results.filter((each) => each.key === key).map(({ value }) => value);
          if (sent.length > 0) expect(sent.at(-1)).toEqual(model.rowOf(key));
          for (const [at, value] of sent.entries())
            expect(value !== null || (sent[at - 1] ?? null) !== null).toBe(true);
        }
      }),
      { numRuns: 400 },
    );
  },
  TIMEOUT_MS,
);
