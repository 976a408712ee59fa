import { RecordFailure } from "../core/task/record-failure.ts";
import type { AttachedTask } from "./attached-task.ts";
import { BatchCallFailed } from "./batch-calls.ts";
import { unguard } from "./crash-guard.ts";
import { timersOf } from "./loaded.ts";
import type { Retries, RetryPolicy } from "./retries.ts";
import type { Shell } from "./shell.ts";

const FIRST_CALL_PAUSE_MS = 250;

/** What becomes of a task whose slice failed: it is tried again, or stops, its state kept. */
export class TaskFailures {
  readonly #shell: Shell;
  readonly #retries: Retries;

  constructor(shell: Shell, retries: Retries) {
    this.#shell = shell;
    this.#retries = retries;
  }

  failed(id: number, error: unknown): void {
    const task = this.#shell.loaded?.taskById(id);
    if (error instanceof BatchCallFailed) {
      if (task === undefined) return;
      const policy = { kind: "retry", times: Number.POSITIVE_INFINITY, backoffMs: FIRST_CALL_PAUSE_MS } as const;
      return this.#tryAgain(task, error, { offset: task.position, policy });
    }
    // A policy stopped the task in front of a record: for good, or until it is tried again.
    const policy = task?.plan?.onError;
    if (task !== undefined && error instanceof RecordFailure && policy?.kind === "retry")
      return this.#tryAgain(task, error, { offset: error.offset, policy });
    this.stop(id, error);
  }

  #tryAgain(
    task: AttachedTask,
    { message }: Error,
    { offset, policy }: { readonly offset: number; readonly policy: RetryPolicy },
  ): void {
    const { id, position } = task;
    const retryAtMs = this.#retries.failed(id, { offset, position }, { policy, nowMs: this.#shell.now() });
    task.error = message;
    this.#shell.write((loaded) => {
      loaded.timers.set(timersOf(task)[3], retryAtMs);
      unguard(loaded, task);
    });
    this.#shell.changed.notify();
  }

  /** For good: somebody must look at it (ENG-14). */
  stop(id: number, error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    console.error(`task ${id} failed:`, error);
    this.#shell.write((loaded) => {
      loaded.taskTable.setState(id, "failed", reason);
      const task = loaded.taskById(id);
      if (task === undefined) return;
      Object.assign(task, { state: "failed", error: reason });
      unguard(loaded, task);
    });
    this.#shell.changed.notify();
  }
}
