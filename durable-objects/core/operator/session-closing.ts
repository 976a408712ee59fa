import type { TimerQueue } from "../store/timer-queue.ts";
import type { ClosedResult, ClosingWindows } from "./closed-results.ts";
import type { Unsent } from "./operator.ts";
import { sessionKey, type Session, type SessionRows } from "./session-rows.ts";
import type { SessionTimes } from "./session-times.ts";

/**
 * Sessions as they close: in order of reach, end, start, then key. A bound is a reach. Each session that is not sent has a
 * timer, at its reach or before, with a start inside it: it is not moved each time the session grows, but when it is due.
 */
export class SessionClosing implements ClosingWindows {
  readonly #rows: SessionRows;
  readonly #times: SessionTimes;
  readonly #timers: TimerQueue;

  constructor({ rows, times, timers }: { rows: SessionRows; times: SessionTimes; timers: TimerQueue }) {
    this.#rows = rows;
    this.#times = times;
    this.#timers = timers;
  }

  /** A session that none which is not sent has become. */
  began(key: string, { start, reachMs }: Session): void {
    this.#timers.set({ dueMs: reachMs, key, payload: `${start}` });
  }

  *due(_after: number, through: number): Iterable<ClosedResult> {
    let together: Due[] = [];
    for (const due of this.#closed(through)) {
      if (together[0] !== undefined && together[0].session.reachMs < due.session.reachMs) {
        yield* resultsOf(together);
        together = [];
      }
      together.push(due);
    }
    yield* resultsOf(together);
  }

  /** Where a session has grown since its timer was set, what is said of it is too early. */
  unsent(): Unsent | undefined {
    const first = this.#timers.first();
    return first && { fromMs: first.dueMs - this.#times.gapMs, dueMs: this.#times.closesAt(first.dueMs) };
  }

  /** By reach, then key. */
  *#closed(through: number): Iterable<Due> {
    for (const { dueMs, key, payload } of this.#timers.takeDue(through)) {
      const [session] = this.#rows.touching(key, dueMs, Number(payload));
      if (session === undefined) continue;
      if (session.reachMs > dueMs) this.#timers.set({ dueMs: session.reachMs, key, payload });
      else yield { key, session };
    }
  }
}

interface Due {
  readonly key: string;
  readonly session: Session;
}

/** Of sessions that reach equally far. Keys of one start and end stay in their order. */
function resultsOf(together: readonly Due[]): ClosedResult[] {
  return together
    .toSorted(({ session: a }, { session: b }) => a.end - b.end || a.start - b.start)
    .map(({ key, session }) => ({
      key: sessionKey(key, session),
      text: session.text,
      timestampMs: session.end,
      lastMs: session.reachMs - 1,
    }));
}
