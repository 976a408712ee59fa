import { OUTAGE_MS } from "../../schema/limits.ts";
import type { OutboxRow } from "../core/task/task-port.ts";
import type { AttachedTask } from "./attached-task.ts";
import { type Loaded, timersOf } from "./loaded.ts";

/** Puts rows into the outbox. */
export type Send = (
  loaded: Loaded,
  task: AttachedTask,
  slice: { readonly rows: readonly OutboxRow[]; readonly nowMs: number },
) => void;

/**
 * A task that has stood at the end of its log for long enough says so to those behind it, once, so that they do not wait
 * for it (ENG-23). One that is paused, failed, or behind holds them back; so does one whose own upstreams do. Memory does not
 * outlive a silence, so what must be known at its end is written at its beginning. All methods belong inside a transaction.
 */
export class IdleWatch {
  readonly #send: Send;

  constructor(send: Send) {
    this.#send = send;
  }

  /** Asks in `idleAfterMs` whether something has come, if nothing is left now. */
  begin(loaded: Loaded, task: AttachedTask, nowMs: number): void {
    const { log, timers, taskTable } = loaded;
    const timer = timersOf(task)[2];
    if (timers.get(timer) !== undefined || !mayIdle(loaded, task)) return;
    task.idleFrom = log.logEndOffset;
    taskTable.setIdleFrom(task.id, task.idleFrom);
    timers.set(timer, nowMs + task.idleAfterMs);
  }

  /** The timer fired, so late. */
  due(loaded: Loaded, task: AttachedTask, { nowMs, overdueMs }: { nowMs: number; overdueMs: number }): void {
    // While the object could not be reached nothing could come: an outage is not silence.
    const silent = overdueMs <= OUTAGE_MS && task.idleFrom === loaded.log.logEndOffset;
    if (!silent || !mayIdle(loaded, task)) return this.begin(loaded, task, nowMs);
    this.#send(loaded, task, { rows: task.code?.idle() ?? [], nowMs });
    // Word of progress after this one would take it back.
    task.progressDue = false;
    loaded.timers.clear(timersOf(task)[1]);
    task.idleAt = loaded.log.logEndOffset;
    loaded.taskTable.setIdleAt(task.id, task.idleAt);
  }

  /**
   * Something has come. Those behind a task that had said that it is idle wait for it from now on, whether it runs at once,
   * later, or not at all.
   */
  end(loaded: Loaded, task: AttachedTask, nowMs: number): void {
    if (task.idleAt === undefined || task.code === undefined) return;
    this.#send(loaded, task, { rows: task.code.awake(), nowMs });
    task.idleAt = undefined;
    loaded.taskTable.setIdleAt(task.id, undefined);
  }

  /** What has gone to others without a record takes back that the task is idle: it will say so anew. */
  sent(loaded: Loaded, task: AttachedTask, nowMs: number): void {
    this.end(loaded, task, nowMs);
    this.begin(loaded, task, nowMs);
  }
}

/** Nothing is left to read, no task before it has something, and those who wait for word have not been told. */
function mayIdle({ log }: Loaded, { code, position, idleAt }: AttachedTask): boolean {
  const { logEndOffset } = log;
  return code?.heard === true && position === logEndOffset && idleAt !== logEndOffset && code.settled;
}
