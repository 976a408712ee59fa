import { PRODUCER_EXPIRY_MS } from "../../schema/limits.ts";
import type { Loaded } from "./loaded.ts";

export const RETENTION_TIMER = "retention";
const RETENTION_EVERY_MS = 10 * 60_000;
/** Every batch removed is a row written. */
const BATCHES_A_RUN = 1_000;
const NEXT_RUN_MS = 1_000;

/** Inside the transaction of an append: a log that has anything gets looked at. */
export function armRetention({ timers }: Loaded, nowMs: number): void {
  if (timers.get(RETENTION_TIMER) === undefined) timers.set(RETENTION_TIMER, nowMs + RETENTION_EVERY_MS);
}

/**
 * Removes whole batches beyond the topic's age and size, never what an attached task has not read (LOG-8). Answers the new
 * start of the log where it moved.
 */
export function retain(loaded: Loaded, nowMs: number): number | undefined {
  const { log, row, tasks, timers, producers, taskTable } = loaded;
  const { retentionMs, retentionBytes } = row.config;
  const attached = tasks.filter((task) => task.state !== "detached");
  const before = log.logStartOffset;
  const keepFromMs = retentionMs < 0 ? 0 : nowMs - retentionMs;
  const start = log.retainedFrom({
    keepFromMs,
    maxBytes: retentionBytes,
    floor: Math.min(log.logEndOffset, ...attached.map((task) => task.position)),
  });
  const whole = start <= before || log.trim(start, BATCHES_A_RUN);
  producers.expire(nowMs - PRODUCER_EXPIRY_MS);
  // Nothing that an internal task has read is there still.
  const journal = { logStartOffset: log.logStartOffset, keepFromMs: loaded.internal ? Infinity : keepFromMs };
  for (const task of tasks) taskTable.trimJournal(task.id, journal);
  const more = log.logEndOffset > log.logStartOffset;
  if (more) timers.set(RETENTION_TIMER, nowMs + (whole ? RETENTION_EVERY_MS : NEXT_RUN_MS));
  return log.logStartOffset > before ? log.logStartOffset : undefined;
}
