import { rowsWritten } from "../core/task/rows-written.ts";
import type { SliceResult } from "../core/task/task-port.ts";
import type { AttachedTask } from "./attached-task.ts";
import { passed } from "./crash-guard.ts";
import type { IdleWatch } from "./idle-watch.ts";
import type { Loaded } from "./loaded.ts";
import type { Sender } from "./sender.ts";
import type { Shell } from "./shell.ts";
import type { Ticks } from "./ticks.ts";

interface Parts {
  readonly sender: Sender;
  readonly idle: IdleWatch;
  readonly ticks: Ticks;
}

/** Writes what a slice came to: position, progress, outbox and timers, in the transaction in which it ran. */
export class Commits {
  readonly #shell: Shell;
  readonly #parts: Parts;

  constructor(shell: Shell, parts: Parts) {
    this.#shell = shell;
    this.#parts = parts;
  }

  /** Of records of the log, or a tick in front of them. */
  slice(
    loaded: Loaded,
    task: AttachedTask,
    slice: { result: SliceResult; nowMs: number; from: number; startedMs: number },
  ): void {
    const { result, nowMs, from, startedMs } = slice;
    this.#parts.sender.sendAll(loaded, task, { result, nowMs });
    this.#shell.step("commit:sent");
    const written = this.#write(loaded, task, { result, records: result.recordsIn, nowMs: startedMs });
    // Nobody else reads an internal log, and no row of the outbox names a batch of it: its records are made anew.
    if (task.internal) loaded.log.trimBehind(task.position);
    passed(loaded, task);
    task.advanced({ from, rowsWritten: written });
  }

  /** Of what ran between two slices of the log. */
  between(loaded: Loaded, task: AttachedTask, { result, nowMs }: { result: SliceResult; nowMs: number }): void {
    this.#parts.sender.sendAll(loaded, task, { result, nowMs });
    this.#write(loaded, task, { result, records: 1, nowMs });
  }

  /** Answers the rows that it wrote. */
  #write(
    loaded: Loaded,
    task: AttachedTask,
    { result, records, nowMs }: { result: SliceResult; records: number; nowMs: number },
  ): number {
    const { idle, ticks } = this.#parts;
    const written = rowsWritten(result) + task.subscriptions.commit(task.position, nowMs);
    task.rowsWritten += written;
    task.quietSince = ticks.quietSince(task, { records, nowMs });
    loaded.taskTable.commit(task.id, {
      position: task.position,
      progress: result.progress,
      layout: task.code?.layout ?? "",
      rowsWritten: task.rowsWritten,
      quietSince: task.quietSince,
    });
    idle.begin(loaded, task, nowMs);
    ticks.arm(loaded, task, nowMs);
    return written;
  }
}
