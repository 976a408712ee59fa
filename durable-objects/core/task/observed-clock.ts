import { MAX_WALL_TIMERS_AT_ONCE } from "../../../schema/limits.ts";
import type { Operator } from "../operator/operator.ts";

/**
 * The clock on the wall as a task sees it: what its owner reads and journals, so that a replay sees the same. It never goes
 * back, though machines differ. A task none of whose code looks at it has none.
 */
export class ObservedClock {
  readonly #operators: readonly Operator[];
  /** ms since epoch; undefined in a task that has no clock. */
  #nowMs: number | undefined;

  constructor(operators: readonly Operator[], saved: number | undefined) {
    this.#operators = operators.filter(({ wallTimers }) => wallTimers !== undefined);
    this.#nowMs = this.#operators.length === 0 ? undefined : (saved ?? 0);
  }

  get nowMs(): number | undefined {
    return this.#nowMs;
  }

  /** When the first timer is due; undefined when none is set. */
  get dueMs(): number | undefined {
    const due = this.#operators.map(({ wallTimers }) => wallTimers?.dueMs ?? Infinity);
    const first = Math.min(...due);
    return first === Infinity ? undefined : first;
  }

  read(nowMs: number): void {
    if (this.#nowMs !== undefined) this.#nowMs = Math.max(this.#nowMs, nowMs);
  }

  /** Fires what is due, by (time, operator, key), and no more than a transaction holds: the rest is due still. */
  fire(): void {
    const nowMs = this.#nowMs ?? -Infinity;
    const due = this.#operators.flatMap(({ wallTimers }) =>
      (wallTimers?.due(nowMs, MAX_WALL_TIMERS_AT_ONCE) ?? []).map((place) => ({ wallTimers, place })),
    );
    // A sort is stable: at one time operators come in plan order, each with its keys in order.
    const inOrder = due.toSorted((a, b) => a.place.dueMs - b.place.dueMs);
    for (const { wallTimers, place } of inOrder.slice(0, MAX_WALL_TIMERS_AT_ONCE)) wallTimers?.fire(place);
  }
}
