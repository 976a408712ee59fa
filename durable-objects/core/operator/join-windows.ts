import type { JoinWindows, TimeWindows } from "../../../schema/windows.ts";

/**
 * How long a record may wait for a match, ms: one that is older than the largest time of its stream by more has left the
 * store. As in Kafka Streams the whole span, whichever side of it the stream is on.
 */
export function retentionOf(windows: JoinWindows | TimeWindows): number {
  if (windows.kind === "time") return windows.sizeMs + windows.graceMs;
  return windows.beforeMs + windows.afterMs + windows.graceMs;
}

/** The width of a bucket of rows: a retention spans about ten, and rows leave by the bucket. Windows leave one by one. */
export function bucketOf(windows: JoinWindows | TimeWindows): number {
  return windows.kind === "time" ? windows.sizeMs : Math.max(1, Math.ceil(retentionOf(windows) / 10));
}
