import { type Answer, refuse } from "../../schema/error.ts";
import { PRODUCER_EXPIRY_MS } from "../../schema/limits.ts";
import type { Loaded } from "./loaded.ts";

export const RETENTION_TIMER = "retention";
const RETENTION_EVERY_MS = 10 * 60_000;
/** Every batch erased is a row written. */
const BATCHES_A_RUN = 1_000;
const NEXT_RUN_MS = 1_000;

/** Inside the transaction of an append: a log that has anything gets looked at. */
export function armRetention({ timers }: Loaded, nowMs: number): void {
  if (timers.get(RETENTION_TIMER) === undefined) timers.set(RETENTION_TIMER, nowMs + RETENTION_EVERY_MS);
}

/**
 * Inside a transaction: the log starts behind what is beyond the topic's age and size, but for what an attached task has not
 * read, unless the topic does not hold that (LOG-8). What lies before is erased in slices, as far as the outbox does not
 * send it still (OUT-9). Answers whether the start moved.
 */
export function retain(loaded: Loaded, nowMs: number): boolean {
  const { log, row, tasks, timers, producers, taskTable, outbox } = loaded;
  const { retentionMs, retentionBytes, holdForPipelines } = row.config;
  const attached = holdForPipelines ? tasks.filter((task) => task.state !== "detached") : [];
  const keepFromMs = retentionMs < 0 ? 0 : nowMs - retentionMs;
  const start = log.retainedFrom({
    keepFromMs,
    maxBytes: retentionBytes,
    floor: Math.min(log.logEndOffset, ...attached.map((task) => task.position)),
  });
  const moved = loaded.startAt(start);
  const whole = log.sweep(BATCHES_A_RUN, outbox.oldestCopy);
  producers.expire(nowMs - PRODUCER_EXPIRY_MS);
  // Nothing that an internal task has read is there still.
  const journal = { logStartOffset: log.logStartOffset, keepFromMs: loaded.internal ? Infinity : keepFromMs };
  for (const task of tasks) taskTable.trimJournal(task.id, journal);
  const more = !whole || log.bytes > 0;
  if (more) timers.set(RETENTION_TIMER, nowMs + (whole ? RETENTION_EVERY_MS : NEXT_RUN_MS));
  return moved;
}

/**
 * Inside a transaction: nobody finds what lies before the offset any more, whoever has not read it (LOG-15). An offset before
 * the start changes nothing.
 */
export function trim(loaded: Loaded, offset: number, nowMs: number): Answer<{ readonly logStartOffset: number }> {
  const { log, timers, outbox } = loaded;
  if (offset > log.logEndOffset) {
    const { logStartOffset, logEndOffset } = log;
    return refuse("offset_out_of_range", `offset ${offset} is beyond log end ${logEndOffset}`, {
      hint: `Trim up to ${logEndOffset}`,
      extra: { logStartOffset, logEndOffset },
    });
  }
  if (loaded.startAt(offset) && !log.sweep(BATCHES_A_RUN, outbox.oldestCopy))
    timers.set(RETENTION_TIMER, nowMs + NEXT_RUN_MS);
  return { ok: true, logStartOffset: log.logStartOffset };
}
