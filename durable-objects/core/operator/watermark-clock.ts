import type { WatermarkDefinition } from "../../../schema/plan.ts";
import type { Undoable, UndoLog } from "../store/undo-log.ts";
import type { Cap, OperatorClock, SavedClock } from "./clock.ts";

/** A place in a task where records with a watermark enter. */
export interface WatermarkInput {
  readonly delayMs: number;
  readonly cap: Cap;
}

export interface WatermarkClockOptions {
  /** What all watermarks of a plan share. */
  readonly definition: WatermarkDefinition;
  readonly inputs: readonly WatermarkInput[];
  readonly saved: SavedClock | undefined;
}

/**
 * The one clock of all operators of a task behind a watermark: over its inputs the least, or the largest, of what each has
 * reached less its delay. It moves with every record, or, as Spark's does, at the end of a micro-batch: then records are
 * late by its value before the batch and results come out by its value after it. Never goes back (WMK-1).
 */
export class WatermarkClock implements OperatorClock, Undoable {
  readonly shared = true;
  readonly #undo: UndoLog;
  readonly #definition: WatermarkDefinition;
  readonly #inputs: readonly WatermarkInput[];
  readonly #reached: number[];
  /** Where time has gone without records. */
  #ticked = -Infinity;
  #streamTimeMs: number;
  #lateTimeMs: number;

  constructor(undo: UndoLog, { definition, inputs, saved }: WatermarkClockOptions) {
    this.#undo = undo;
    this.#definition = definition;
    this.#inputs = inputs;
    this.#streamTimeMs = saved?.[0] ?? -Infinity;
    this.#lateTimeMs = saved?.[1] ?? -Infinity;
    this.#reached = inputs.map((_, input) => saved?.[input + 2] ?? -Infinity);
  }

  get streamTimeMs(): number {
    if (this.#definition.moves === "everyRecord") this.#streamTimeMs = Math.max(this.#streamTimeMs, this.#next);
    return this.#streamTimeMs;
  }

  get lateTimeMs(): number {
    return this.#definition.moves === "everyRecord" ? this.streamTimeMs : this.#lateTimeMs;
  }

  get movesByBatch(): boolean {
    return this.#definition.moves === "everyBatch";
  }

  /** A watermark is of all inputs together. */
  inputTimeMs(): number {
    return this.lateTimeMs;
  }

  /** Between batches nothing of its time comes any more; one that moves with a record has its time from that record. */
  get inclusive(): boolean {
    return this.movesByBatch;
  }

  isLate(timestampMs: number): boolean {
    return this.inclusive ? timestampMs <= this.lateTimeMs : timestampMs < this.lateTimeMs;
  }

  get saved(): SavedClock | undefined {
    if (this.#reached.every((ms) => ms === -Infinity)) return undefined;
    return [this.streamTimeMs, this.#lateTimeMs, ...this.#reached].map((ms) => (ms === -Infinity ? null : ms));
  }

  /** Operators do not move it: the records that enter the task do. */
  advance(): void {
    // See `observe`.
  }

  /** A record of this time enters by an input. */
  observe(timestampMs: number, input: number): void {
    const before = this.#reached[input] ?? -Infinity;
    if (timestampMs <= before) return;
    this.#undo.save(this, { input, before, streamTimeMs: this.#streamTimeMs });
    this.#reached[input] = timestampMs;
  }

  tick(eventTimeMs: number): void {
    if (this.#reached.every((ms) => ms === -Infinity)) return;
    this.#ticked = Math.max(this.#ticked, eventTimeMs - this.#delayMs);
    if (this.#definition.moves === "everyRecord") this.#streamTimeMs = Math.max(this.streamTimeMs, this.#ticked);
  }

  eventTimeFor(ms: number): number {
    return ms + this.#delayMs;
  }

  undo(saved: unknown): void {
    const { input, before, streamTimeMs } = saved as { input: number; before: number; streamTimeMs: number };
    this.#reached[input] = before;
    this.#streamTimeMs = streamTimeMs;
  }

  /** A micro-batch has ended: what was late by is now what results came out by. Answers whether an empty batch follows. */
  batchEnded(): boolean {
    if (this.#definition.moves === "everyRecord") return false;
    this.#lateTimeMs = this.#streamTimeMs;
    const next = this.#next;
    if (next <= this.#streamTimeMs) return false;
    this.#streamTimeMs = next;
    return this.#definition.emptyBatch;
  }

  /** An empty batch has ended. */
  emptyBatchEnded(): void {
    this.#lateTimeMs = this.#streamTimeMs;
  }

  get #next(): number {
    const times = this.#inputs.map(
      ({ delayMs, cap }, input) => Math.min(this.#reached[input] ?? -Infinity, cap.ms) - delayMs,
    );
    const ms = this.#definition.policy === "min" ? Math.min(...times) : Math.max(...times);
    return Math.max(ms, this.#ticked);
  }

  get #delayMs(): number {
    return Math.max(...this.#inputs.map(({ delayMs }) => delayMs));
  }
}
