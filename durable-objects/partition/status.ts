import type { TaskStatus } from "../../schema/rpc/task.ts";
import type { Deliveries } from "./deliveries.ts";
import type { Loaded } from "./loaded.ts";
import type { AttachedTask } from "./attached-task.ts";

const noCounters = { recordsIn: 0, recordsOut: 0, lateRecords: 0, deadLetters: 0, droppedRecords: 0 };

export function statusOf(loaded: Loaded, task: AttachedTask, deliveries: Deliveries): TaskStatus {
  const counters = task.code?.counters ?? noCounters;
  const { logStartOffset, logEndOffset } = loaded.log;
  // What was trimmed is skipped from then on, also by a task that does not run now.
  const skipping = Math.max(0, logStartOffset - task.position);
  return {
    pipeline: task.pipeline,
    version: task.version,
    incarnation: task.incarnation,
    topic: task.input,
    partition: loaded.row.partition,
    state: task.state === "detached" ? "failed" : task.state,
    position: task.position,
    muted: task.muted,
    stopAt: Number.isFinite(task.stopAt) ? task.stopAt : undefined,
    lag: logEndOffset - task.position - skipping,
    watermark: task.code?.clockMs ?? -1,
    recordsIn: counters.recordsIn,
    recordsOut: counters.recordsOut,
    lateRecords: counters.lateRecords,
    deadLetters: counters.deadLetters + task.refused,
    skippedRecords: task.skipped + skipping,
    droppedRecords: counters.droppedRecords,
    outbox: loaded.outbox.pending(task.id).reduce((rows, pending) => rows + pending.rows, 0),
    redriving: loaded.redrives.pending(task.id),
    heldBackBy: task.heldBackBy,
    rowsWritten: task.rowsWritten,
    lastBatch: task.lastBatch,
    error: task.error ?? deliveries.errorOf(task),
  };
}
