import { MAX_RETRY_BACKOFF_MS } from "../../schema/limits.ts";
import type { ErrorPolicy } from "../../schema/plan.ts";

export type RetryPolicy = Extract<ErrorPolicy, { kind: "retry" }>;

interface Attempts {
  /** Of the record that failed last. */
  readonly offset: number;
  readonly failures: number;
  readonly retryAtMs: number;
  /** Records that were tried again often enough: a micro-batch may have several, and each of them fails at every try of it. */
  readonly givenUp: ReadonlySet<number>;
}

interface Failure {
  /** Of the record. */
  readonly offset: number;
  /** Of its task: nothing before it is tried any more. */
  readonly position: number;
}

/**
 * Records that are tried again, one after another for each task (ERR-3). In memory: after a wake the count begins anew, so
 * a record is tried at least as often as its policy says.
 */
export class Retries {
  readonly #attempts = new Map<number, Attempts>();

  /** Answers when to try again. */
  failed(
    task: number,
    { offset, position }: Failure,
    { policy, nowMs }: { policy: RetryPolicy; nowMs: number },
  ): number {
    const before = this.#attempts.get(task);
    const failures = before?.offset === offset ? before.failures + 1 : 1;
    const retryAtMs = nowMs + Math.min(MAX_RETRY_BACKOFF_MS, policy.backoffMs * 2 ** (failures - 1));
    const givenUp = new Set([...(before?.givenUp ?? [])].filter((each) => each >= position));
    if (failures >= policy.times) givenUp.add(offset);
    this.#attempts.set(task, { offset, retryAtMs, failures, givenUp });
    return retryAtMs;
  }

  /** The task waits for its record. */
  waits(task: number, nowMs: number): boolean {
    return (this.#attempts.get(task)?.retryAtMs ?? 0) > nowMs;
  }

  /** Records that are tried for the last time: they are dead letters when they fail once more. */
  givenUp(task: number): ReadonlySet<number> | undefined {
    return this.#attempts.get(task)?.givenUp;
  }

  /** Somebody resumed the task: its record is tried at once. */
  forget(task: number): void {
    this.#attempts.delete(task);
  }
}
