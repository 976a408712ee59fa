import { PROGRESS_INTERVAL_MS } from "../../schema/limits.ts";
import { isInternal } from "../../schema/internal-topic.ts";
import type { AttachedTask } from "./attached-task.ts";
import type { Deliveries } from "./deliveries.ts";
import type { IdleWatch } from "./idle-watch.ts";
import { type Loaded, timersOf } from "./loaded.ts";
import { dueMs } from "./schedule.ts";
import type { Ticks } from "./ticks.ts";

/** What is to be run again runs at once; the timer is for the object that ended before. */
const REDRIVE_FALLBACK_MS = 5_000;

interface Parts {
  readonly idle: IdleWatch;
  readonly ticks: Ticks;
  readonly deliveries: Deliveries;
}

/** When tasks run by themselves: what wakes the object for them. All methods belong inside a transaction. */
export class TaskTimers {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Records were appended. */
  appended(loaded: Loaded, nowMs: number): void {
    for (const task of loaded.tasks) this.#parts.idle.end(loaded, task, nowMs);
    this.arm(loaded, nowMs);
  }

  /** A triggered task gets its timer with the first record that needs it (TRG-2). */
  arm(loaded: Loaded, nowMs: number): void {
    for (const task of loaded.tasks) {
      if (!task.runnable) continue;
      const armed = loaded.timers.get(timersOf(task)[0]) !== undefined;
      if (runsNow(loaded, task)) task.dueTo = loaded.log.logEndOffset;
      if (!armed && task.position < loaded.log.logEndOffset) armRun(loaded, task, nowMs);
      this.#parts.idle.begin(loaded, task, nowMs);
      this.#parts.ticks.arm(loaded, task, nowMs);
    }
  }

  /** The timer of a task fired. `overdueMs` is how late the alarm came. */
  due(loaded: Loaded, timer: string, at: { nowMs: number; overdueMs: number }): void {
    const { nowMs } = at;
    const task = loaded.tasks.find((candidate) => timersOf(candidate).some((name) => name === timer));
    if (task?.runnable !== true) return;
    const [run, progress, idle, , tick, redrive] = timersOf(task);
    // A `retry` timer only wakes: the step after this alarm tries again.
    if (timer === redrive) armRedrive(loaded, task, nowMs);
    if (timer === idle) this.#parts.idle.due(loaded, task, at);
    if (timer === tick) this.#parts.ticks.due(loaded, task, at);
    if (timer === run && task.position < loaded.log.logEndOffset) {
      task.dueTo = loaded.log.logEndOffset;
      armRun(loaded, task, nowMs);
    }
    if (timer === progress) {
      // Nobody waits for word of one that has said that it is idle, and it would take that back.
      if (task.idleAt !== undefined) return loaded.timers.clear(progress);
      task.progressDue = true;
      loaded.timers.set(progress, nowMs + PROGRESS_INTERVAL_MS);
    }
  }

  /** The task has been given dead letters again. */
  redriven(loaded: Loaded, task: AttachedTask, nowMs: number): void {
    this.#parts.idle.end(loaded, task, nowMs);
    armRedrive(loaded, task, nowMs);
    this.#parts.deliveries.armTimers(loaded, nowMs);
  }
}

function armRedrive({ redrives, timers }: Loaded, task: AttachedTask, nowMs: number): void {
  if (redrives.pending(task.id) > 0) timers.set(timersOf(task)[5], nowMs + REDRIVE_FALLBACK_MS);
}

/** Armed again before the run, so that a crash in the run does not lose it. */
function armRun({ timers }: Loaded, task: AttachedTask, nowMs: number): void {
  const at = dueMs(task.trigger, task.pipeline, nowMs);
  if (at !== undefined) timers.set(timersOf(task)[0], at);
}

/**
 * A task runs without a timer when enough waits, and behind an internal topic when anything does: what its pipeline's
 * trigger waits for has happened where the records came from. Only `every` keeps its pace there.
 */
function runsNow({ log }: Loaded, task: AttachedTask): boolean {
  const { trigger } = task;
  const waiting = log.logEndOffset - Math.max(task.position, task.dueTo);
  if (waiting <= 0 || trigger.kind === "perEvent" || trigger.kind === "every") return false;
  return isInternal(task.input) || (trigger.kind === "everyRecords" && waiting >= trigger.records);
}
