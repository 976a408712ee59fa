import type { Windowed } from "../../../schema/windows.ts";
import type { Undoable } from "../store/undo-log.ts";
import type { OperatorClock } from "./clock.ts";
import type { Output, Runtime, Unsent } from "./operator.ts";
import { TOMBSTONE } from "./payload.ts";
import type { Shown } from "./result-payload.ts";
import { StreamRecord } from "./stream-record.ts";

/** A window that has closed, with its state as JSON. */
export interface ClosedResult {
  readonly key: Windowed;
  readonly text: string;
  /** Of its last record. */
  readonly timestampMs: number;
  /** The last that a record of it may have. */
  readonly lastMs: number;
}

/** When windows close. A bound is a time of the operator's choice, by which they close in order. */
export interface ClosingTimes {
  /** Windows up to this bound take no records any more. */
  closedThrough(streamTimeMs: number): number;
}

/** The windows of an operator as they close. */
export interface ClosingWindows {
  /** Those behind one bound up to another, in the order in which they are sent, each once. */
  due(after: number, through: number): Iterable<ClosedResult>;
  /** Of those behind a bound. */
  unsent(after: number): Unsent | undefined;
}

export interface ClosedResultsParts {
  readonly windows: ClosingWindows;
  readonly times: ClosingTimes;
  /** As it was when windows were last sent. */
  readonly clock: OperatorClock;
  readonly shown: Shown;
}

/** Sends each window once, when it has closed, as a unit of its own. In a micro-batch at its end. */
export class ClosedResults implements Undoable {
  readonly #windows: ClosingWindows;
  readonly #times: ClosingTimes;
  readonly #clock: OperatorClock;
  readonly #shown: Shown;
  readonly #runtime: Runtime;
  readonly #output: Output;
  /** Windows up to this bound were sent. Follows from the clock, so that nothing else need be remembered. */
  #through: number;

  constructor(parts: ClosedResultsParts, runtime: Runtime, output: Output) {
    this.#windows = parts.windows;
    this.#times = parts.times;
    this.#clock = parts.clock;
    this.#shown = parts.shown;
    this.#runtime = runtime;
    this.#output = output;
    // Where time moves at the end of a batch, results by it may still have to come.
    this.#through = parts.times.closedThrough(parts.clock.lateTimeMs);
  }

  get through(): number {
    return this.#through;
  }

  /** The clock may have moved. */
  timeMoved(): void {
    if (!this.#runtime.microBatch) this.send();
  }

  send(): void {
    const after = this.#through;
    const through = this.#times.closedThrough(this.#clock.streamTimeMs);
    if (through <= after) return;
    this.#runtime.undo.save(this, after);
    this.#through = through;
    const { origin } = this.#runtime;
    const replaces = this.#output.readsBefore ? TOMBSTONE : undefined;
    for (const { key, text, timestampMs: reachedMs, lastMs } of this.#windows.due(after, through)) {
      const timestampMs = this.#clock.shared ? Math.max(reachedMs, lastMs) : reachedMs;
      const result = new StreamRecord(key, this.#shown(text), { timestampMs, origin, replaces });
      this.#runtime.attempt(result, this.#output);
    }
  }

  unsent(): Unsent | undefined {
    return this.#windows.unsent(this.#through);
  }

  undo(saved: unknown): void {
    this.#through = saved as number;
  }
}
