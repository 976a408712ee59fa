/** A slice holds its object, so it should take about this long: requests wait for it (ENG-30). */
const AIM_MS = 150;
/** Longer ones make the next one shorter. */
const SLOW_MS = 200;
const MIN_RECORDS = 100;
/** The first slices run through code that is not yet compiled, so they say little of the next. */
const MOST_GROWTH = 4;

export interface MeasuredSlice {
  readonly records: number;
  readonly durationMs: number;
}

/**
 * How many records the next slice takes, after one that took so long with `most` as the bound. Long slices are cheap: each
 * key that changes is written once in a slice. One that was not full does not say that more would be as quick.
 */
export function nextSliceRecords(allowed: number, { records, durationMs }: MeasuredSlice, most: number): number {
  if (durationMs > SLOW_MS) return Math.max(MIN_RECORDS, Math.floor(allowed * Math.max(0.5, AIM_MS / durationMs)));
  if (records < allowed || durationMs >= AIM_MS) return allowed;
  const growth = Math.min(MOST_GROWTH, AIM_MS / Math.max(1, durationMs));
  return Math.min(most, Math.floor(allowed * growth));
}
