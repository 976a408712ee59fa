import type { SliceOptions, TickOptions } from "../core/task/task-port.ts";
import type { Tick } from "../sqlite/task-table.ts";
import type { AttachedTask } from "./attached-task.ts";
import { isGivenUp } from "./guard.ts";

/** What a dead letter says that nobody has run to its end. */
export const TERMINATED = "the object ended while this record was processed: an endless loop, or too much memory";

/** What a task does next in one transaction: records from its position to an end, or a tick in front of them. */
export interface Slice {
  readonly task: AttachedTask;
  /** Its position, where it is a tick. */
  readonly end: number;
  readonly tick: Tick | undefined;
}

export function optionsOf(task: AttachedTask, nowMs: number): SliceOptions {
  const batch = task.microBatch?.batch;
  const terminated = isGivenUp(task.guard) ? TERMINATED : undefined;
  return {
    nowMs: batch?.nowMs ?? nowMs,
    wallClockMs: batch?.nowMs,
    microBatch: batch === undefined ? undefined : { batchId: batch.batchId },
    terminated,
  };
}

export function tickOptionsOf({ nowMs, eventTimeMs, batchId, batched }: Tick, offset: number): TickOptions {
  return { nowMs, eventTimeMs, offset, microBatch: batched ? { batchId } : undefined };
}
