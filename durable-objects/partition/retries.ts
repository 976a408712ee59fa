import { MAX_RETRY_BACKOFF_MS } from "../../schema/limits.ts";
import type { ErrorPolicy } from "../../schema/plan.ts";

interface Attempts {
  /** Of the record that failed. */
  readonly offset: number;
  readonly failures: number;
  readonly retryAtMs: number;
  /** It has been tried again often enough but for once. */
  readonly last: boolean;
}

/**
 * Records that are tried again, one for each task (ERR-3). In memory: after a wake the count begins anew, so a record is
 * tried at least as often as its policy says.
 */
export class Retries {
  readonly #attempts = new Map<number, Attempts>();

  /** Answers when to try again. */
  failed(task: number, offset: number, at: { policy: ErrorPolicy & { kind: "retry" }; nowMs: number }): number {
    const { policy, nowMs } = at;
    const before = this.#attempts.get(task);
    const failures = before?.offset === offset ? before.failures + 1 : 1;
    const retryAtMs = nowMs + Math.min(MAX_RETRY_BACKOFF_MS, policy.backoffMs * 2 ** (failures - 1));
    this.#attempts.set(task, { offset, retryAtMs, failures, last: failures >= policy.times });
    return retryAtMs;
  }

  /** The task waits for its record. */
  waits(task: number, nowMs: number): boolean {
    return (this.#attempts.get(task)?.retryAtMs ?? 0) > nowMs;
  }

  /** The record that is tried for the last time: it is a dead letter when it fails once more. */
  givenUp(task: number): number | undefined {
    const attempts = this.#attempts.get(task);
    return attempts?.last === true ? attempts.offset : undefined;
  }

  /** Somebody resumed the task: its record is tried at once. */
  forget(task: number): void {
    this.#attempts.delete(task);
  }
}
