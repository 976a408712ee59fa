import { DEFAULT_WINDOW_RETENTION_MS } from "../../../schema/limits.ts";
import type { SessionWindows } from "../../../schema/windows.ts";

/** What session windows make of stream time. A session closes, and goes, by how far it reaches: its end and the gap. */
export class SessionTimes {
  /** No session reaches further behind its last record. */
  readonly gapMs: number;
  /** Behind what a session reaches until it closes. */
  readonly #waitMs: number;
  /** Of a session behind its reach. */
  readonly keptMs: number;

  /** `inclusive`: see OperatorClock. A record of the very time that a session reaches still joins it. */
  constructor({ gapMs, graceMs }: SessionWindows, inclusive: boolean, retentionMs = DEFAULT_WINDOW_RETENTION_MS) {
    this.gapMs = gapMs;
    this.#waitMs = inclusive ? graceMs : graceMs + 1;
    this.keptMs = Math.max(retentionMs - gapMs, graceMs);
  }

  /** Sessions that reach no further are closed: `end <= streamTime - grace - gap - 1` (Kafka), by a watermark (Spark) without the 1. */
  closedThrough(streamTimeMs: number): number {
    return streamTimeMs - this.#waitMs;
  }

  /** The stream time at which a session of this reach closes. */
  closesAt(reachMs: number): number {
    return reachMs + this.#waitMs;
  }

  /** Sessions that reach less far are gone: `end + retention < streamTime`. None that is open. */
  goneBefore(streamTimeMs: number): number {
    return streamTimeMs - this.keptMs;
  }
}
