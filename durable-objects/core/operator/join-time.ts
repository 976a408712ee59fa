import type { JoinWindows } from "../../../schema/plan.ts";
import type { OperatorClock } from "./clock.ts";
import { bucketOf, retentionOf } from "./join-windows.ts";
import { LEFT, type Side } from "./join-pair.ts";

/** Whatever the times are. */
const UNBOUNDED: JoinWindows = { kind: "join", beforeMs: Infinity, afterMs: Infinity, graceMs: 0 };

/** What the clock of a stream join says of the records of its sides. Sides are the inputs of the clock. */
export class JoinTime {
  readonly #clock: OperatorClock | undefined;
  readonly #windows: JoinWindows;

  constructor(windows: JoinWindows | undefined, clock: OperatorClock | undefined) {
    this.#windows = windows ?? UNBOUNDED;
    this.#clock = clock;
  }

  /** A record of the side with this time is about to be processed. */
  advance(side: Side, timestampMs: number): void {
    this.#clock?.advance(timestampMs, side);
  }

  /** Times of the other side that match a record of this side, ends included. */
  matching(side: Side, timestampMs: number): readonly [fromMs: number, toMs: number] {
    const { beforeMs, afterMs } = this.#windows;
    return side === LEFT
      ? [timestampMs - beforeMs, timestampMs + afterMs]
      : [timestampMs - afterMs, timestampMs + beforeMs];
  }

  /** What is older is not in the store, and not taken into it. By the side's own time, as in Kafka Streams. */
  oldest(side: Side): number {
    return this.#clock === undefined ? -Infinity : this.#clock.inputTimeMs(side) - retentionOf(this.#windows);
  }

  /** Nothing in time can match a record of the side that is older. */
  closedBefore(side: Side): number {
    return this.passedBefore(side) - this.#windows.graceMs;
  }

  /** The join's time has passed all that can match a record of the side that is older. */
  passedBefore(side: Side): number {
    if (this.#clock === undefined) return -Infinity;
    return this.#clock.streamTimeMs - (side === LEFT ? this.#windows.afterMs : this.#windows.beforeMs);
  }

  /** The join's time by which a record of the side with this time is older than `closedBefore`. */
  closesAt(side: Side, timestampMs: number): number {
    const { beforeMs, afterMs, graceMs } = this.#windows;
    return timestampMs + (side === LEFT ? afterMs : beforeMs) + graceMs + 1;
  }

  /** `oldest` by the bucket, so that it moves only when rows go. */
  expiredBefore(side: Side): number {
    const bucketMs = bucketOf(this.#windows);
    return Math.floor(this.oldest(side) / bucketMs) * bucketMs;
  }
}
