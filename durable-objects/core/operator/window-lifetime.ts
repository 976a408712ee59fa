import type { Runtime } from "./operator.ts";

/**
 * Which windows of a table are there for a join that reads them beside the table itself: a function of its clock, so that it
 * does not matter where a slice ends and state is let go. A micro-batch sees all that was there when it began.
 */
export class WindowLifetime {
  readonly #runtime: Pick<Runtime, "microBatch">;
  readonly #boundNow: () => number;
  #atBegin: number;

  /** `boundNow`: slots below it are gone. */
  constructor(runtime: Pick<Runtime, "microBatch">, boundNow: () => number) {
    this.#runtime = runtime;
    this.#boundNow = boundNow;
    this.#atBegin = boundNow();
  }

  get bound(): number {
    return this.#runtime.microBatch ? this.#atBegin : this.boundNow;
  }

  get boundNow(): number {
    return this.#boundNow();
  }

  /** Before each flush: the next batch begins. */
  expire(): void {
    this.#atBegin = this.boundNow;
  }
}
