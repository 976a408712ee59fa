import { DEFAULT_WINDOW_RETENTION_MS } from "../../../schema/limits.ts";
import type { SlidingWindows } from "../../../schema/windows.ts";

/** What sliding windows make of stream time. */
export class SlidingTimes {
  readonly #differenceMs: number;
  readonly #graceMs: number;
  /** Of a window behind its start. */
  readonly keptMs: number;

  constructor({ differenceMs, graceMs }: SlidingWindows, retentionMs = DEFAULT_WINDOW_RETENTION_MS) {
    this.#differenceMs = differenceMs;
    this.#graceMs = graceMs;
    // A record that is still taken looks at windows that start twice the difference before it.
    this.keptMs = Math.max(retentionMs, 3 * differenceMs + graceMs + 1);
  }

  /** Windows up to this start take no records any more: their `end + grace < streamTime`, the end included in them. */
  closedThrough(streamTimeMs: number): number {
    return streamTimeMs - this.#graceMs - this.#differenceMs - 1;
  }

  /** The stream time at which a window closes. */
  closesAt(start: number): number {
    return start + this.#differenceMs + this.#graceMs + 1;
  }

  /** Windows that start before the answer have `start + retention <= streamTime`. */
  goneBefore(streamTimeMs: number): number {
    return streamTimeMs - this.keptMs + 1;
  }
}
