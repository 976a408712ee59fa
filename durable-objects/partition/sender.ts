import type { OutboxRow, SliceResult } from "../core/task/task-port.ts";
import type { AttachedTask } from "./attached-task.ts";
import type { Deliveries } from "./deliveries.ts";
import { type Loaded, timersOf } from "./loaded.ts";
import type { Shell } from "./shell.ts";

/** Puts what tasks send into the outbox. All methods belong inside a transaction. */
export class Sender {
  readonly #shell: Shell;
  readonly #deliveries: Deliveries;

  constructor(shell: Shell, deliveries: Deliveries) {
    this.#shell = shell;
    this.#deliveries = deliveries;
  }

  send(
    loaded: Loaded,
    task: AttachedTask,
    slice: { readonly rows: readonly OutboxRow[]; readonly nowMs: number },
  ): void {
    const { nowMs } = slice;
    const rows = task.muted ? slice.rows.filter(({ target }) => isHeard(task, target)) : slice.rows;
    for (const row of rows) loaded.outbox.add(task.id, task.scopeOf(row.target), { ...row, nowMs });
    if (rows.length > 0) this.#deliveries.armTimers(loaded, this.#shell.now());
  }

  /** What a slice sends, and when its task must tell others what it held back (ENG-22). */
  sendAll(loaded: Loaded, task: AttachedTask, { result, nowMs }: { result: SliceResult; nowMs: number }): void {
    this.send(loaded, task, { rows: result.rows, nowMs });
    const timer = timersOf(task)[1];
    if (result.progressDueMs === undefined) loaded.timers.clear(timer);
    else loaded.timers.set(timer, result.progressDueMs);
    task.progressDue = false;
  }
}

/** Of a fork: its own topics, and its dead letters, which say what the new version cannot do (FRK-2). */
function isHeard({ plan }: AttachedTask, target: string): boolean {
  return target.startsWith("topic:__") || target.startsWith(`topic:${plan?.deadLetterTopic}/`);
}
