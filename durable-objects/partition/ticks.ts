import { OUTAGE_MS } from "../../schema/limits.ts";
import type { Tick } from "../sqlite/task-table.ts";
import type { AttachedTask } from "./attached-task.ts";
import { type Loaded, timersOf } from "./loaded.ts";

/** After a tick that a crash has lost, the timer asks once more. */
const ASK_AGAIN_MS = OUTAGE_MS;

/**
 * Time of a task that goes on without records, where something closes when nothing comes (ENG-28). Memory does not outlive a
 * silence, so what must be known at its end is written at its beginning. All methods belong inside a transaction.
 */
export class Ticks {
  /** A slice or a tick is about to be committed, which had so many records: since when nothing has come then. */
  quietSince(task: AttachedTask, { records, nowMs }: { records: number; nowMs: number }): number | undefined {
    if (!waits(task)) return undefined;
    return records > 0 ? nowMs : (task.quietSince ?? nowMs);
  }

  /** The timer that is set may come too early, never too late: so that it is not written with every slice. */
  arm(loaded: Loaded, task: AttachedTask, nowMs: number): void {
    const { timers, log, taskTable } = loaded;
    const timer = timersOf(task)[4];
    if (task.position < log.logEndOffset) return;
    if (task.quietSince === undefined && waits(task)) {
      task.quietSince = nowMs;
      taskTable.setQuietSince(task.id, nowMs);
    }
    const dueMs = dueMsOf(loaded, task);
    const set = timers.get(timer);
    if (dueMs === undefined) timers.clear(timer);
    else if (set === undefined || dueMs < set) timers.set(timer, dueMs);
  }

  /** The timer fired, so late. */
  due(loaded: Loaded, task: AttachedTask, { nowMs, overdueMs }: { nowMs: number; overdueMs: number }): void {
    const dueMs = dueMsOf(loaded, task);
    if (dueMs === undefined) return;
    // While the object could not be reached nothing could come: an outage is not quiet.
    if (overdueMs > OUTAGE_MS) {
      task.quietSince = nowMs;
      loaded.taskTable.setQuietSince(task.id, nowMs);
    } else if (dueMs <= nowMs) {
      task.tickDue = true;
      loaded.timers.set(timersOf(task)[4], nowMs + ASK_AGAIN_MS);
      return;
    }
    this.arm(loaded, task, nowMs);
  }

  wanted({ tick, tickDue }: AttachedTask): boolean {
    return tick !== undefined || tickDue;
  }

  /** A tick is an input: committed before it runs, and the same after a crash. Answers whether one was decided now. */
  decide(loaded: Loaded, task: AttachedTask, nowMs: number): boolean {
    const due = task.tickDue && task.tick === undefined;
    task.tickDue = false;
    const dueMs = due ? dueMsOf(loaded, task) : undefined;
    const { code, quietSince, position } = task;
    if (dueMs === undefined || dueMs > nowMs || code === undefined || quietSince === undefined) return false;
    const eventTimeMs = code.streamTimeMs + (nowMs - quietSince);
    const batched = task.trigger.kind !== "perEvent";
    const tick: Tick = { nowMs, eventTimeMs, batchId: task.lastBatchId + 1, batched };
    loaded.taskTable.decideTick(task.id, position, tick);
    task.tick = tick;
    return true;
  }
}

function waits({ ticks, code }: AttachedTask): boolean {
  return ticks && code?.tickAfterMs !== undefined;
}

/** When the end of the log has been quiet for long enough; undefined when nothing waits for that. */
function dueMsOf({ log }: Loaded, task: AttachedTask): number | undefined {
  const { code, quietSince, position, ticks } = task;
  if (!ticks || quietSince === undefined || position < log.logEndOffset) return undefined;
  const afterMs = code?.tickAfterMs;
  return afterMs === undefined ? undefined : quietSince + afterMs;
}
