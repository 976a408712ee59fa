import { hashOf } from "./random.ts";

/** What happened, a line a step, and a number that is equal for equal runs. */
export class Trace {
  readonly #kept: string[] | undefined;
  #hash = 0;

  /** `keep`: the lines are wanted, not only their number. */
  constructor(keep: boolean) {
    this.#kept = keep ? [] : undefined;
  }

  add(atMs: number, line: string): void {
    const whole = `${(atMs / 1000).toFixed(3).padStart(9)} s  ${line}`;
    this.#hash = hashOf(`${this.#hash} ${whole}`);
    this.#kept?.push(whole);
  }

  get hash(): string {
    return this.#hash.toString(16).padStart(8, "0");
  }

  get lines(): readonly string[] {
    return this.#kept ?? [];
  }
}
