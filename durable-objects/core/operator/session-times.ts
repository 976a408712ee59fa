import { DEFAULT_WINDOW_RETENTION_MS } from "../../../schema/limits.ts";
import type { SessionWindows } from "../../../schema/plan.ts";

/** What session windows make of stream time. A session closes, and goes, by how far it reaches: its end and the gap. */
export class SessionTimes {
  /** No session reaches further behind its last record. */
  readonly gapMs: number;
  readonly #graceMs: number;
  /** Of a session behind its reach. */
  readonly keptMs: number;

  constructor({ gapMs, graceMs }: SessionWindows, retentionMs = DEFAULT_WINDOW_RETENTION_MS) {
    this.gapMs = gapMs;
    this.#graceMs = graceMs;
    this.keptMs = Math.max(retentionMs - gapMs, graceMs);
  }

  /** Sessions that reach no further are closed: `end <= streamTime - grace - gap - 1` (Kafka). */
  closedThrough(streamTimeMs: number): number {
    return streamTimeMs - this.#graceMs - 1;
  }

  /** The stream time at which a session of this reach closes. */
  closesAt(reachMs: number): number {
    return reachMs + this.#graceMs + 1;
  }

  /** Sessions that reach less far are gone: `end + retention < streamTime`. None that is open. */
  goneBefore(streamTimeMs: number): number {
    return streamTimeMs - this.keptMs;
  }
}
