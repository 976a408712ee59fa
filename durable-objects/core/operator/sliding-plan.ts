import type { SlidingRow, SlidingWindow } from "./sliding-rows.ts";

/** One thing that a record does to the windows of its key: what the window holds now, and with the record or as it is. */
export interface SlidingStep {
  readonly start: number;
  /** `undefined`: the initializer's value. */
  readonly from: SlidingRow | undefined;
  /** Whether the record is added: a window is also made of records that came before. */
  readonly add: boolean;
}

/** `near`: the windows of the key that start from `t - 2 * difference` to `t + 1`, ascending. */
export interface SlidingSituation {
  readonly timestampMs: number;
  readonly differenceMs: number;
  readonly near: readonly SlidingWindow[];
}

/**
 * What a record at `t` changes (KStreamSlidingWindowAggregate): the windows that hold `t`, those that start last first;
 * then the window behind the record before it, `[previous + 1, previous + 1 + difference]`, that it is the first in; its own
 * `[t - difference, t]`, made of those before it; and the one behind it, `[t + 1, t + 1 + difference]`, of those after it.
 */
export function slidingSteps(situation: SlidingSituation): readonly SlidingStep[] {
  return situation.timestampMs < situation.differenceMs ? earlySteps(situation) : usualSteps(situation);
}

function usualSteps({ timestampMs, differenceMs, near }: SlidingSituation): readonly SlidingStep[] {
  const own = timestampMs - differenceMs;
  const holding = near.filter(({ start }) => start >= own && start <= timestampMs).toReversed();
  const steps = holding.map((window): SlidingStep => ({ start: window.start, from: window, add: true }));
  const left = holding.find(({ start }) => start === own);
  // A record of this time was there before: every window is made.
  if (left !== undefined && left.maxMs >= timestampMs) return steps;
  const before = left ?? near.findLast(({ start }) => start < own);
  const previous = before?.maxMs;
  if (previous !== undefined && previous >= own) {
    if (near.every(({ start }) => start !== previous + 1)) steps.push(behind(previous));
  }
  if (left === undefined) {
    const from = before !== undefined && before.maxMs >= own ? before : undefined;
    steps.push({ start: own, from, add: true });
  }
  const [last] = holding;
  return [...steps, ...rightSteps(timestampMs, near, last === left ? undefined : last)];
}

/** Before `difference` there is no own window: `[0, difference]` holds all that is so early. */
function earlySteps({ timestampMs, near }: SlidingSituation): readonly SlidingStep[] {
  const combined = near.find(({ start }) => start === 0);
  const holding = near.filter(({ start }) => start > 0 && start <= timestampMs);
  const steps = holding.map((window): SlidingStep => ({ start: window.start, from: window, add: true }));
  const last = holding.at(-1) ?? (combined !== undefined && combined.maxMs > timestampMs ? combined : undefined);
  steps.push(...rightSteps(timestampMs, near, last));
  const previous = combined !== undefined && combined.maxMs < timestampMs ? combined.maxMs : undefined;
  if (previous !== undefined && near.every(({ start }) => start !== previous + 1)) steps.push(behind(previous));
  return [...steps, { start: 0, from: combined, add: true }];
}

function behind(previous: number): SlidingStep {
  return { start: previous + 1, from: undefined, add: true };
}

/** `last`: of the windows that hold `t`, the one that starts last holds what comes after it. */
function rightSteps(
  timestampMs: number,
  near: readonly SlidingWindow[],
  last: SlidingWindow | undefined,
): readonly SlidingStep[] {
  const there = near.at(-1)?.start === timestampMs + 1;
  if (there || last === undefined || last.maxMs <= timestampMs) return [];
  return [{ start: timestampMs + 1, from: last, add: false }];
}
