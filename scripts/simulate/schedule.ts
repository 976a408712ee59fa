import type { Dice } from "./random.ts";
import type { Trace } from "./trace.ts";

/** What is to happen at a time. */
export interface Step {
  /** Said in the trace. */
  readonly what: string;
  /** The life that goes on with it; one that has ended meanwhile does not, and then nothing happens. */
  readonly owner?: { readonly alive: boolean; readonly name: string } | undefined;
  readonly run: () => void;
}

interface Waiting {
  readonly atMs: number;
  /** Decides among steps of the same time. */
  readonly place: number;
  readonly order: number;
  /** Undefined when it was taken back. */
  step: Step | undefined;
}

/**
 * The one source of time and of order. Everything that code under simulation waits for is a step here, so between two steps
 * all of it stands still, and may be ended.
 */
export class Schedule {
  readonly trace: Trace;
  readonly #dice: Dice;
  readonly #startMs: number;
  readonly #waiting: Waiting[] = [];
  #nowMs: number;
  #order = 0;
  /** Steps taken. */
  steps = 0;

  /** `startMs`: what clocks say at first. */
  constructor({ startMs, dice, trace }: { startMs: number; dice: Dice; trace: Trace }) {
    this.#startMs = startMs;
    this.#nowMs = startMs;
    this.#dice = dice;
    this.trace = trace;
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  /** Since the beginning. */
  get elapsedMs(): number {
    return this.#nowMs - this.#startMs;
  }

  note(line: string): void {
    this.trace.add(this.elapsedMs, line);
  }

  /** Answers how to take it back. */
  after(delayMs: number, step: Step): () => void {
    const atMs = this.#nowMs + Math.max(0, delayMs);
    const waiting: Waiting = { atMs, place: this.#dice.next(), order: this.#order++, step };
    this.#push(waiting);
    return () => {
      waiting.step = undefined;
    };
  }

  /** When the next step is due; undefined when nothing waits. */
  get nextMs(): number | undefined {
    return this.#waiting[0]?.atMs;
  }

  /** Takes the next step, and lets all go on that it sets free, until everything waits again. Answers whose step it was. */
  async next(): Promise<Step | undefined> {
    for (let waiting = this.#pop(); waiting !== undefined; waiting = this.#pop()) {
      const { atMs, step } = waiting;
      if (step === undefined || step.owner?.alive === false) continue;
      this.#nowMs = Math.max(this.#nowMs, atMs);
      this.steps++;
      this.note(step.what);
      step.run();
      // All microtasks come before it.
      await new Promise((resolve) => setImmediate(resolve));
      return step;
    }
    return undefined;
  }

  #push(waiting: Waiting): void {
    const heap = this.#waiting;
    let at = heap.push(waiting) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!before(waiting, heap[parent] as Waiting)) break;
      heap[at] = heap[parent] as Waiting;
      at = parent;
    }
    heap[at] = waiting;
  }

  #pop(): Waiting | undefined {
    const heap = this.#waiting;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let at = 0;
    for (let child = 1; child < heap.length; child = 2 * at + 1) {
      const right = heap[child + 1];
      if (right !== undefined && before(right, heap[child] as Waiting)) child++;
      if (!before(heap[child] as Waiting, last)) break;
      heap[at] = heap[child] as Waiting;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}

function before(a: Waiting, b: Waiting): boolean {
  return (a.atMs - b.atMs || a.place - b.place || a.order - b.order) < 0;
}
