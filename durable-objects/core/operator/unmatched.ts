import type { OrderedPlace } from "../store/ordered-rows.ts";
import type { TimerQueue } from "../store/timer-queue.ts";

const SEQ_DIGITS = 8;

/** Where the records of one side of a join lie that have matched nothing while something still can: by time, key and arrival. */
export class UnmatchedRecords {
  readonly #timers: TimerQueue;

  constructor(timers: TimerQueue) {
    this.#timers = timers;
  }

  add(record: OrderedPlace): void {
    this.#timers.set({ dueMs: record.at, key: idOf(record), payload: "0" });
  }

  remove(record: OrderedPlace): void {
    this.#timers.clear(record.at, idOf(record));
  }

  /** The least time of one; undefined when there is none. */
  get firstMs(): number | undefined {
    return this.#timers.first()?.dueMs;
  }

  /** Takes out those with a time below the bound. */
  take(before: number): readonly OrderedPlace[] {
    return Array.from(this.#timers.takeDue(before - 1), ({ dueMs, key }) => {
      const end = key.lastIndexOf("\0");
      return { key: key.slice(0, end), at: dueMs, seq: Number(key.slice(end + 1)) };
    });
  }
}

function idOf({ key, seq }: OrderedPlace): string {
  return `${key}\0${`${seq}`.padStart(SEQ_DIGITS, "0")}`;
}
