import type { OperatorClock } from "./clock.ts";

/** A watermark behind what holds records back (WMK-6): so much earlier. */
export class HeldClock implements OperatorClock {
  readonly shared = true;
  readonly #clock: OperatorClock;
  readonly #heldMs: number;

  constructor(clock: OperatorClock, heldMs: number) {
    this.#clock = clock;
    this.#heldMs = heldMs;
  }

  get streamTimeMs(): number {
    return this.#clock.streamTimeMs - this.#heldMs;
  }

  get lateTimeMs(): number {
    return this.#clock.lateTimeMs - this.#heldMs;
  }

  get movesByBatch(): boolean {
    return this.#clock.movesByBatch;
  }

  get inclusive(): boolean {
    return this.#clock.inclusive;
  }

  isLate(timestampMs: number, allowedMs: number): boolean {
    return this.#clock.isLate(timestampMs + this.#heldMs, allowedMs);
  }

  inputTimeMs(input: number): number {
    return this.#clock.inputTimeMs(input) - this.#heldMs;
  }

  advance(timestampMs: number, input?: number): void {
    this.#clock.advance(timestampMs, input);
  }

  tick(eventTimeMs: number): void {
    this.#clock.tick(eventTimeMs);
  }

  eventTimeFor(ms: number): number {
    return this.#clock.eventTimeFor(ms + this.#heldMs);
  }
}
