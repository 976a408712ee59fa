import type { Undoable, UndoLog } from "../store/undo-log.ts";

/**
 * How far the logs that feed an input have come, in event time, ms: an input is never ahead of the slowest of them
 * (ENG-20). Moves with the task's input, not with its records, so nothing undoes it.
 */
export interface Cap {
  readonly ms: number;
}

/** Where nothing holds time back: a users' topic, or an internal topic with one upstream. */
export const UNCAPPED: Cap = { ms: Infinity };

/** The time of an operator: see Clock and WatermarkClock. */
export interface OperatorClock {
  /** By which results come out and state is let go. */
  readonly streamTimeMs: number;
  /** By which records are late; the same but where time moves by micro-batches. */
  readonly lateTimeMs: number;
  /** It stands still in a micro-batch and moves at its end: what is due by it comes out then, after the batch's records. */
  readonly movesByBatch: boolean;
  /** Nothing of the time that it shows comes any more, as a watermark between batches says; stream time may be met again. */
  readonly inclusive: boolean;
  /** All operators behind a watermark have this one time: what it closes would be late for the next with an earlier one. */
  readonly shared: boolean;
  /**
   * A record of this time comes too late for an operator without windows: by more than it allows, or, where a watermark
   * gives the time, when that has passed the record's, since the delay was allowed already.
   */
  isLate(timestampMs: number, allowedMs: number): boolean;
  /** How far one input has come. Never goes back either. */
  inputTimeMs(input: number): number;
  /** A record with this time is about to be processed, of this input of the operator. */
  advance(timestampMs: number, input?: number): void;
  /** Event time goes on to this without a record. Nothing undoes it. Before the first record there is no time. */
  tick(eventTimeMs: number): void;
  /** The event time that moves it to this value. */
  eventTimeFor(ms: number): number;
}

export interface ClockOptions {
  /** One for each input of the operator. */
  readonly caps: readonly Cap[];
  /** Of an earlier life. */
  readonly saved?: SavedClock | undefined;
}

/** Stream time, then the largest timestamp of each input; null for -Infinity, which JSON does not have. */
export type SavedClock = readonly (number | null)[];

/**
 * Stream time of one stateful operator: over its inputs, the largest timestamp that reached it from each, the current
 * record included, and no more than the input's cap; -Infinity before the first. Never goes back, except when the record
 * that moved it is undone.
 */
export class Clock implements OperatorClock, Undoable {
  readonly movesByBatch = false;
  readonly inclusive = false;
  readonly shared = false;
  readonly #undo: UndoLog;
  readonly #caps: readonly Cap[];
  readonly #capped: boolean;
  /** By input: the largest timestamp that reached the operator. */
  readonly #reached: number[];
  #streamTimeMs: number;

  constructor(undo: UndoLog, { caps, saved }: ClockOptions) {
    this.#undo = undo;
    this.#caps = caps;
    this.#capped = caps.some((cap) => cap !== UNCAPPED);
    this.#streamTimeMs = saved?.[0] ?? -Infinity;
    this.#reached = caps.map((_, input) => saved?.[input + 1] ?? -Infinity);
  }

  get streamTimeMs(): number {
    if (this.#capped) this.#look();
    return this.#streamTimeMs;
  }

  /** The largest timestamp that reached it from one input, and no more than that input's cap. Never goes back either. */
  inputTimeMs(input: number): number {
    return Math.min(this.#reached[input] ?? -Infinity, this.#caps[input]?.ms ?? Infinity);
  }

  get lateTimeMs(): number {
    return this.streamTimeMs;
  }

  isLate(timestampMs: number, allowedMs: number): boolean {
    return timestampMs < this.streamTimeMs - allowedMs;
  }

  /** Absent before the first record. */
  get saved(): SavedClock | undefined {
    if (this.#reached.every((ms) => ms === -Infinity)) return undefined;
    return [this.streamTimeMs, ...this.#reached].map((ms) => (ms === -Infinity ? null : ms));
  }

  /** A record with this time is about to be processed. */
  advance(timestampMs: number, input = 0): void {
    const before = this.#reached[input] ?? -Infinity;
    if (timestampMs <= before) return;
    // The usual clock has one input, and then stream time is what it reached: nothing is allocated for a record.
    const simple = !this.#capped && this.#reached.length === 1 && this.#streamTimeMs === before;
    this.#undo.save(this, simple ? before : { input, before, streamTimeMs: this.#streamTimeMs });
    this.#reached[input] = timestampMs;
    if (!this.#capped && timestampMs > this.#streamTimeMs) this.#streamTimeMs = timestampMs;
  }

  tick(eventTimeMs: number): void {
    if (this.#reached.some((ms) => ms > -Infinity)) this.#streamTimeMs = Math.max(this.streamTimeMs, eventTimeMs);
  }

  eventTimeFor(ms: number): number {
    return ms;
  }

  undo(saved: unknown): void {
    if (typeof saved === "number") this.#reached[0] = this.#streamTimeMs = saved;
    else {
      const { input, before, streamTimeMs } = saved as { input: number; before: number; streamTimeMs: number };
      this.#reached[input] = before;
      this.#streamTimeMs = streamTimeMs;
    }
  }

  #look(): void {
    for (const [input, reached] of this.#reached.entries()) {
      const ms = Math.min(reached, this.#caps[input]?.ms ?? Infinity);
      if (ms > this.#streamTimeMs) this.#streamTimeMs = ms;
    }
  }
}
