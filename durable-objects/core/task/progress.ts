import type { SavedClock } from "../operator/clock.ts";
import type { TaskCounters } from "./task-port.ts";
import type { SavedUpstreams } from "./upstream-times.ts";

/** What a task remembers besides its stores. Written as JSON; a field that is missing is at its beginning. */
export interface Progress {
  readonly streamTimeMs: number;
  /** Of each operator that has seen a record. */
  readonly clocks: { readonly [operator: string]: SavedClock };
  /** Of an internal input. */
  readonly upstreams?: SavedUpstreams | undefined;
  /** What the clock on the wall said when the task looked last, where it does. */
  readonly wallClockMs?: number | undefined;
  readonly counters: TaskCounters;
}

const BEGINNING: Progress = {
  streamTimeMs: -1,
  clocks: {},
  counters: { recordsIn: 0, recordsOut: 0, lateRecords: 0, deadLetters: 0, droppedRecords: 0 },
};

export function readProgress(text: string | undefined): Progress {
  if (text === undefined) return BEGINNING;
  const known = JSON.parse(text) as Partial<Progress>;
  return { ...BEGINNING, ...known, counters: { ...BEGINNING.counters, ...known.counters } };
}
