import { type WallClock, wallClock } from "./wall-clock.ts";

/** Waiters for "something changed": every `notify` wakes all of them once. */
export class Signal {
  readonly #waiters = new Set<() => void>();
  readonly #clock: WallClock;

  constructor(clock: WallClock = wallClock) {
    this.#clock = clock;
  }

  notify(): void {
    const waiters = [...this.#waiters];
    this.#waiters.clear();
    for (const wake of waiters) wake();
  }

  /** Resolves true at the next `notify`, false after `timeoutMs`. */
  wait(timeoutMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const wake = (): void => {
        giveUp();
        resolve(true);
      };
      const giveUp = this.#clock.after(timeoutMs, () => {
        this.#waiters.delete(wake);
        resolve(false);
      });
      this.#waiters.add(wake);
    });
  }

  /** Waits until `condition` holds, checking at every `notify`; false when `timeoutMs` passed before. */
  async until(condition: () => boolean, timeoutMs: number): Promise<boolean> {
    const deadlineMs = this.#clock.now() + timeoutMs;
    while (!condition()) {
      const left = deadlineMs - this.#clock.now();
      if (left <= 0 || !(await this.wait(left))) return condition();
    }
    return true;
  }
}
