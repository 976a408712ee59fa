import { MAX_PATTERN_RUNS } from "../../../schema/limits.ts";
import type { PatternNode, PatternStep, RecordContext } from "../../../schema/plan.ts";

/** Values of the records that a match took, by step, in order; a step that took none is there with none. */
export type Matched = { readonly [step: string]: readonly unknown[] };

/** A match that has begun: what it has taken, and where it stands. JSON. */
export interface Run {
  /** Time of its first record, ms. */
  readonly startMs: number;
  /** Number of its first record among those of the key: two runs of one start are two ways to go on from there. */
  readonly start: number;
  /** The step that took the last record. */
  readonly step: number;
  readonly taken: { readonly [step: string]: readonly unknown[] };
}

/** What a key remembers between records. */
export interface PatternState {
  /** Oldest start first; of one start what is preferred first. */
  readonly runs: readonly Run[];
  /** Records of the key so far. */
  readonly seen: number;
}

export interface Match {
  readonly startMs: number;
  readonly matched: Matched;
}

export const NO_RUNS: PatternState = { runs: [], seen: 0 };

interface Item {
  readonly value: unknown;
  readonly timestampMs: number;
  /** The operator's clock: an attempt that began more than `within` before it is over, whenever it is looked at. */
  readonly streamTimeMs: number;
  readonly context: RecordContext;
}

/**
 * One record of a key against a pattern (PAT-1). Every run goes on in each way it can: another record of the same step, the
 * next step, or, where steps need not follow at once, it waits. A run is a match when its last step has its least number of
 * records; of several the oldest start wins, then the one that takes more records in earlier steps.
 */
export function advance(
  { steps, withinMs, skip }: Pick<PatternNode, "steps" | "withinMs" | "skip">,
  state: PatternState,
  item: Item,
): { readonly state: PatternState; readonly matches: readonly Match[] } {
  const alive = state.runs.filter(({ startMs }) => {
    return item.streamTimeMs - startMs <= withinMs && item.timestampMs - startMs <= withinMs;
  });
  // Runs that are over may have been let go of before, at the end of a slice: the numbers begin anew either way.
  const start = alive.length === 0 ? 0 : state.seen;
  const fresh: Run = { startMs: item.timestampMs, start, step: -1, taken: {} };
  const next = [...alive, fresh].flatMap((run) => waysOn(steps, run, item));
  const { runs, matches } = settle(steps, next, skip);
  const open = unique(runs);
  if (open.length > MAX_PATTERN_RUNS) {
    throw new RangeError(
      `${open.length} attempts at the sequence are open for one key, the limit is ${MAX_PATTERN_RUNS}: make its first step rarer or "within" shorter`,
    );
  }
  return { state: { runs: open, seen: open.length === 0 ? 0 : start + 1 }, matches };
}

/** The runs that one run becomes by this record, the preferred one first. */
function waysOn(steps: readonly PatternStep[], run: Run, item: Item): Run[] {
  const ways: Run[] = [];
  const current = steps[run.step];
  const full = current === undefined || takenBy(run, current) >= current.max;
  if (current !== undefined && !full && takes(current, run, item))
    ways.push(withItem(run, { at: run.step, name: current.name }, item));
  const done = current === undefined || takenBy(run, current) >= current.min;
  if (done) {
    for (let at = run.step + 1; at < steps.length; at++) {
      const step = steps[at];
      if (step === undefined) break;
      if (takes(step, run, item)) ways.push(withItem(run, { at, name: step.name }, item));
      if (step.min > 0) break;
    }
  }
  return waits(steps, run, item) ? [...ways, run] : ways;
}

/** A run that may pass over this record: it has begun, what comes next may follow later, and the record does not forbid it. */
function waits(steps: readonly PatternStep[], run: Run, item: Item): boolean {
  if (run.step < 0) return false;
  const current = steps[run.step];
  const awaited = current !== undefined && takenBy(run, current) < current.min ? current : steps[run.step + 1];
  if (awaited === undefined || awaited.contiguity === "next") return false;
  return awaited.unless?.(item.value, run.taken, item.context) !== true;
}

function takes(step: PatternStep, run: Run, { value, context }: Item): boolean {
  return step.predicate(value, run.taken, context);
}

function withItem(run: Run, step: { readonly at: number; readonly name: string }, { value }: Item): Run {
  const { at, name } = step;
  return { ...run, step: at, taken: { ...run.taken, [name]: [...(run.taken[name] ?? []), value] } };
}

function takenBy(run: Run, { name }: PatternStep): number {
  return run.taken[name]?.length ?? 0;
}

function settle(
  steps: readonly PatternStep[],
  runs: readonly Run[],
  skip: PatternNode["skip"],
): { readonly runs: readonly Run[]; readonly matches: readonly Match[] } {
  const matches: Match[] = [];
  let left = runs;
  for (;;) {
    const found = left.find((run) => complete(steps, run));
    if (found === undefined) return { runs: left, matches };
    matches.push({ startMs: found.startMs, matched: matchedOf(steps, found) });
    if (skip === "pastLast") return { runs: [], matches };
    left = left.filter(({ start }) => start !== found.start);
  }
}

/** All steps from its own to the end have what they need, the last one by its least number. */
function complete(steps: readonly PatternStep[], run: Run): boolean {
  const current = steps[run.step];
  if (current === undefined || takenBy(run, current) < current.min) return false;
  return steps.slice(run.step + 1).every(({ min }) => min === 0);
}

function matchedOf(steps: readonly PatternStep[], { taken }: Run): Matched {
  return Object.fromEntries(steps.map(({ name }) => [name, taken[name] ?? []]));
}

/** Two ways that led to the same run are one. */
function unique(runs: readonly Run[]): Run[] {
  const seen = new Set<string>();
  return runs.filter((run) => {
    const text = JSON.stringify(run);
    return !seen.has(text) && seen.add(text);
  });
}
