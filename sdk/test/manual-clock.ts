import type { Clock } from "../clock.ts";

interface Timer {
  readonly atMs: number;
  readonly order: number;
  readonly wake: () => void;
}

/** Of Node.js, where tests run; this layer has no types of it. */
declare function setImmediate(wake: () => void): void;

/** Time that stands still until `run` moves it from timer to timer, and chance that repeats for a seed. */
export class ManualClock implements Clock {
  #nowMs = 1_700_000_000_000;
  #order = 0;
  #timers: Timer[] = [];
  #seed: number;

  constructor(seed = 1) {
    this.#seed = seed;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  timer(delayMs: number, wake: () => void): () => void {
    const timer = { atMs: this.#nowMs + Math.max(0, delayMs), order: this.#order++, wake };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((each) => each !== timer);
    };
  }

  /** mulberry32. */
  random(): number {
    this.#seed = (this.#seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#seed ^ (this.#seed >>> 15), 1 | this.#seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }

  /** Moves time until `work` has ended. Throws when nothing is left that could end it. */
  async run<T>(work: Promise<T>): Promise<T> {
    let ended = false;
    const end = () => {
      ended = true;
    };
    work.then(end, end);
    while (true) {
      await settled();
      if (ended) return work;
      if (!this.#next()) throw new Error("no timer is left, and the work has not ended");
    }
  }

  /** Moves time until no timer is left, or by `forMs`. */
  async pass(forMs = Infinity): Promise<void> {
    const untilMs = this.#nowMs + forMs;
    await settled();
    while (this.#timers.some(({ atMs }) => atMs <= untilMs)) {
      this.#next();
      await settled();
    }
    if (forMs !== Infinity) this.#nowMs = untilMs;
  }

  #next(): boolean {
    const [first, ...rest] = this.#timers;
    if (first === undefined) return false;
    const earlier = (left: Timer, right: Timer) => left.atMs - right.atMs || left.order - right.order;
    const next = rest.reduce((best, timer) => (earlier(timer, best) < 0 ? timer : best), first);
    this.#timers = this.#timers.filter((timer) => timer !== next);
    this.#nowMs = next.atMs;
    next.wake();
    return true;
  }
}

/** Resolves when every chain of promises has come to its end or to a timer. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
