import type { ProcessWallClock } from "../../../schema/processor-functions.ts";
import type { Timer } from "../../../schema/processor-functions.ts";
import type { TimerPlace, TimerQueue } from "../store/timer-queue.ts";
import { compositeKey, splitCompositeKey } from "./keyed-state.ts";
import type { Runtime } from "./operator.ts";

export interface WallTimersParts {
  readonly node: string;
  readonly queue: TimerQueue;
  readonly runtime: Runtime;
  /** A timer of a key came due. */
  readonly fire: (key: string, timer: Timer) => void;
}

/**
 * Timers of a processor by the clock on the wall (PRC-8). They fire only in a tick, which finds out first which are due: one
 * that is set meanwhile waits for the next, so that a tick comes to its end.
 */
export class WallTimers {
  readonly #parts: WallTimersParts;

  constructor(parts: WallTimersParts) {
    this.#parts = parts;
  }

  /** When the first is due, ms since epoch; undefined when none is set. */
  get dueMs(): number | undefined {
    return this.#parts.queue.first()?.dueMs;
  }

  /** Those due by now, by (time, key), at most so many. They stay. */
  due(upToMs: number, most: number): readonly TimerPlace[] {
    return this.#parts.queue.due(upToMs, most);
  }

  /** One that was due, unless it has been cleared since. */
  fire(place: TimerPlace): void {
    if (!this.#parts.queue.take(place)) return;
    const [key, name] = splitCompositeKey(place.key);
    this.#parts.fire(key, { name, dueMs: place.dueMs });
  }

  /** As user code has it, for one key. */
  clockFor(key: string): ProcessWallClock {
    const { node, queue, runtime } = this.#parts;
    return {
      get nowMs() {
        return runtime.wallClockMs;
      },
      set(dueMs, name = "") {
        if (!Number.isSafeInteger(dueMs))
          throw new RangeError(`${node} sets a wall-clock timer for ${dueMs}; a time is whole milliseconds`);
        queue.set({ dueMs, key: compositeKey(key, name), payload: "1" });
      },
      clear: (dueMs, name = "") => queue.clear(dueMs, compositeKey(key, name)),
    };
  }
}
