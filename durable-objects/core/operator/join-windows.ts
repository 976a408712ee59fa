import type { JoinWindows } from "../../../schema/plan.ts";

/**
 * How long a record may wait for a match, ms: one that is older than the largest time of its stream by more has left the
 * store. As in Kafka Streams the whole span, whichever side of it the stream is on.
 */
export function retentionOf({ beforeMs, afterMs, graceMs }: JoinWindows): number {
  return beforeMs + afterMs + graceMs;
}

/** The same windows with the streams the other way round. */
export function mirrored({ kind, beforeMs, afterMs, graceMs }: JoinWindows): JoinWindows {
  return { kind, beforeMs: afterMs, afterMs: beforeMs, graceMs };
}

/** The width of a bucket of rows: a retention spans about ten, and rows leave by the bucket. */
export function bucketOf(windows: JoinWindows): number {
  return Math.max(1, Math.ceil(retentionOf(windows) / 10));
}
