import type { TimeWindows } from "../../../schema/plan.ts";

const DEFAULT_RETENTION_MS = 24 * 3_600_000;

/**
 * Starts of the windows that hold `timestampMs`, ascending: multiples of the advance with `start <= t < start + size`.
 * 5 s windows advancing 3 s: [0,5) [3,8) [6,11) …; t = 7 lies in the last two. As in Kafka no window of a time from 0 on
 * starts before 0.
 */
export function firstStart(windows: TimeWindows, timestampMs: number): number {
  const first = (Math.floor((timestampMs - windows.sizeMs) / windows.advanceMs) + 1) * windows.advanceMs;
  return timestampMs >= 0 ? Math.max(0, first) : first;
}

/** Kafka's acceptance: records go into a window until stream time has reached its end + grace. */
export function accepted(windows: TimeWindows, start: number, streamTimeMs: number): boolean {
  return start + windows.sizeMs > streamTimeMs - windows.graceMs;
}

/** Never below size + grace: a window that still takes records is never let go. */
export function retentionMs(windows: TimeWindows, asked: number | undefined): number {
  return Math.max(asked ?? DEFAULT_RETENTION_MS, windows.sizeMs + windows.graceMs);
}

/**
 * Windows with `start + retention <= streamTime` have expired: those that start before the answer. A multiple of the
 * advance, so it moves only when a window goes.
 */
export function expiredBefore(windows: TimeWindows, streamTimeMs: number, retention: number): number {
  return (Math.floor((streamTimeMs - retention) / windows.advanceMs) + 1) * windows.advanceMs;
}
