import { OUTAGE_MS, WALL_CLOCK_STEP_MS } from "../../schema/limits.ts";
import type { Tick } from "../sqlite/task-table.ts";
import type { AttachedTask } from "./attached-task.ts";
import { type Loaded, timersOf } from "./loaded.ts";
import { armRetention } from "./retention.ts";

/** After a tick that a crash has lost, the timer asks once more. */
const ASK_AGAIN_MS = OUTAGE_MS;

/**
 * Time of a task that goes on without records: event time where something closes when nothing comes (ENG-28), and the clock
 * on the wall where timers are set by it (PRC-8). Memory does not outlive a silence, so what must be known at its end is
 * written at its beginning. All methods belong inside a transaction unless they say otherwise.
 */
export class Ticks {
  /** A slice or a tick is about to be committed, which had so many records: since when nothing has come then. */
  quietSince(task: AttachedTask, { records, nowMs }: { records: number; nowMs: number }): number | undefined {
    if (!closes(task)) return undefined;
    return records > 0 ? nowMs : (task.quietSince ?? nowMs);
  }

  /** The timer that is set may come too early, never too late: so that it is not written with every slice. */
  arm(loaded: Loaded, task: AttachedTask, nowMs: number): void {
    const { timers, log, taskTable } = loaded;
    const timer = timersOf(task)[4];
    const ended = task.position >= log.logEndOffset;
    if (ended && task.quietSince === undefined && closes(task)) {
      task.quietSince = nowMs;
      taskTable.setQuietSince(task.id, nowMs);
    }
    const dueMs = task.ticks ? Math.min(quietDueMs(loaded, task), wallDueMs(task)) : Infinity;
    if (dueMs < (timers.get(timer) ?? Infinity)) timers.set(timer, dueMs);
    else if (dueMs === Infinity && ended) timers.clear(timer);
  }

  /** The timer fired, so late. */
  due(loaded: Loaded, task: AttachedTask, { nowMs, overdueMs }: { nowMs: number; overdueMs: number }): void {
    // While the object could not be reached nothing could come: an outage is not quiet.
    if (overdueMs > OUTAGE_MS && quietDueMs(loaded, task) <= nowMs) {
      task.quietSince = nowMs;
      loaded.taskTable.setQuietSince(task.id, nowMs);
    }
    task.tickDue = Math.min(quietDueMs(loaded, task), wallDueMs(task)) <= nowMs;
    if (task.tickDue) loaded.timers.set(timersOf(task)[4], nowMs + ASK_AGAIN_MS);
    else this.arm(loaded, task, nowMs);
  }

  /** Timers by the clock on the wall fire between two slices of a backlog too. Needs no transaction. */
  wanted(task: AttachedTask, { nowMs, records }: { nowMs: number; records: boolean }): boolean {
    if (task.tick !== undefined || task.tickDue) return true;
    return (records || task.ticks) && wallDueMs(task) <= nowMs;
  }

  /** A tick is an input: committed before it runs, and the same after a crash. Answers whether one was decided now. */
  decide(loaded: Loaded, task: AttachedTask, nowMs: number): boolean {
    const { code, quietSince, position, guard, microBatch } = task;
    task.tickDue = false;
    // A batch that was decided comes first, and so do the records among which one may have ended the object.
    if (code === undefined || task.tick !== undefined || microBatch !== undefined || guard.kind === "careful")
      return false;
    const quiet = quietSince !== undefined && quietDueMs(loaded, task) <= nowMs;
    if (!quiet && wallDueMs(task) > nowMs) return false;
    const eventTimeMs = quiet ? code.streamTimeMs + (nowMs - quietSince) : undefined;
    const batched = task.trigger.kind !== "perEvent";
    const tick: Tick = { nowMs, eventTimeMs, batchId: task.lastBatchId + 1, batched };
    loaded.taskTable.decideTick(task.id, position, tick);
    armRetention(loaded, nowMs);
    task.tick = tick;
    return true;
  }

  /**
   * What the clock says to the slice that begins at the task's position, if the task looks at it: journaled, and not more
   * often than it moves.
   */
  look({ taskTable }: Loaded, task: AttachedTask, nowMs: number): number | undefined {
    const before = task.code?.wallClockMs;
    if (before === undefined || nowMs < before + WALL_CLOCK_STEP_MS) return undefined;
    taskTable.journalClock(task.id, task.position, { wallClockMs: nowMs, batchId: task.lastBatchId });
    return nowMs;
  }
}

function closes({ ticks, code }: AttachedTask): boolean {
  return ticks && code?.tickAfterMs !== undefined;
}

/** When the end of the log has been quiet for long enough; Infinity when nothing waits for that. */
function quietDueMs({ log }: Loaded, task: AttachedTask): number {
  const { code, quietSince, position, ticks } = task;
  if (!ticks || quietSince === undefined || position < log.logEndOffset) return Infinity;
  return quietSince + (code?.tickAfterMs ?? Infinity);
}

/** When the task looks at the clock next because a timer is due by it. */
function wallDueMs({ code }: AttachedTask): number {
  const { wallDueMs: dueMs, wallClockMs } = code ?? {};
  if (dueMs === undefined || wallClockMs === undefined) return Infinity;
  return Math.max(dueMs, wallClockMs + WALL_CLOCK_STEP_MS);
}
