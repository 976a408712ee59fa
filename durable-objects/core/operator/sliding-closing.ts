import type { TimerQueue } from "../store/timer-queue.ts";
import type { ClosedResult, ClosingWindows } from "./closed-results.ts";
import type { Unsent } from "./operator.ts";
import type { SlidingRows } from "./sliding-rows.ts";
import type { SlidingTimes } from "./sliding-times.ts";

export interface SlidingClosingParts {
  readonly rows: SlidingRows;
  readonly times: SlidingTimes;
  /** One for each window that is not sent, at its start. */
  readonly timers: TimerQueue;
  readonly differenceMs: number;
}

/** Sliding windows as they close: in order of start, then key. A bound is a start. */
export class SlidingClosing implements ClosingWindows {
  readonly #parts: SlidingClosingParts;

  constructor(parts: SlidingClosingParts) {
    this.#parts = parts;
  }

  began(key: string, start: number): void {
    this.#parts.timers.set({ dueMs: start, key, payload: "1" });
  }

  unsent(): Unsent | undefined {
    const { times, timers } = this.#parts;
    const first = timers.first();
    return first && { fromMs: first.dueMs, dueMs: times.closesAt(first.dueMs) };
  }

  *due(_after: number, through: number): Iterable<ClosedResult> {
    const { rows, timers, differenceMs } = this.#parts;
    for (const { dueMs: start, key } of timers.takeDue(through)) {
      const window = rows.get(key, start);
      if (window === undefined) continue;
      const end = start + differenceMs;
      yield { key: { key, start, end }, text: window.text, timestampMs: window.maxMs, lastMs: end };
    }
  }
}
