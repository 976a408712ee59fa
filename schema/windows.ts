// Windows of tables and of joins, and the keys of their rows.
import type { PlanKey, RecordContext } from "./plan.ts";

/** `[start, end)` of a window and the key it belongs to; of sliding and session windows `[start, end]`. */
export interface Windowed {
  readonly key: string;
  readonly start: number;
  readonly end: number;
}

/** Windows `[start, start + sizeMs)` starting at multiples of `advanceMs`; tumbling has advance = size. */
export interface TimeWindows {
  readonly kind: "time";
  readonly sizeMs: number;
  readonly advanceMs: number;
  readonly graceMs: number;
}

/** Windows `[n * sizeMs, n * sizeMs + k * stepMs)` for k from 1 until they are `sizeMs` long, a multiple of `stepMs`. */
export interface CumulativeWindows {
  readonly kind: "cumulative";
  readonly sizeMs: number;
  readonly stepMs: number;
  readonly graceMs: number;
}

/** One window from `startMs` on that never closes. */
export interface UnlimitedWindows {
  readonly kind: "unlimited";
  readonly startMs: number;
}

/**
 * For each record of a key a window `[t - differenceMs, t]`, and one `[t + 1, t + 1 + differenceMs]` as soon as that holds a
 * record: all that lie within the difference of each other. Both ends are in the window.
 */
export interface SlidingWindows {
  readonly kind: "sliding";
  readonly differenceMs: number;
  readonly graceMs: number;
}

/** From the first to the last of the records of a key that follow each other within the gap. Both ends are in the window. */
export interface SessionWindows {
  readonly kind: "session";
  /** Where `gap` gives it for each record, the most that it may give. */
  readonly gapMs: number;
  readonly graceMs: number;
  readonly gap?: ((value: unknown, key: PlanKey, context: RecordContext) => number) | undefined;
}

/** Windows that stay what they are, while sessions grow into others. */
export type NonSessionWindows = Exclude<Windows, SessionWindows>;

/** What a table may be windowed by. */
export type Windows = TimeWindows | CumulativeWindows | UnlimitedWindows | SlidingWindows | SessionWindows;

/** Records match whose times are `leftTime − beforeMs <= rightTime <= leftTime + afterMs`. */
export interface JoinWindows {
  readonly kind: "join";
  readonly beforeMs: number;
  readonly afterMs: number;
  readonly graceMs: number;
}
