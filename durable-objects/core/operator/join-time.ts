import type { JoinWindows, TimeWindows } from "../../../schema/windows.ts";
import type { OperatorClock } from "./clock.ts";
import { bucketOf, retentionOf } from "./join-windows.ts";
import { LEFT, type Side } from "./join-pair.ts";

/** What the clock of a stream join says of the records of its sides. Sides are the inputs of the clock. */
export interface JoinTime {
  /** It moves at the end of a micro-batch: what closes by it comes out then. */
  readonly movesByBatch: boolean;
  /** A record of the side with this time is about to be processed. */
  advance(side: Side, timestampMs: number): void;
  /** A record of this time comes too late to match anything, and is dropped. */
  late(timestampMs: number): boolean;
  /** Times of the other side that match a record of this side, ends included. */
  matching(side: Side, timestampMs: number): readonly [fromMs: number, toMs: number];
  /** What is older is not in the store. */
  oldest(side: Side): number;
  /** What is older is not taken into the store: nothing that is still to come can match it. */
  keptFrom(side: Side): number;
  /** Nothing in time can match a record of the side that is older. */
  closedBefore(side: Side): number;
  /** The join's time has passed all that can match a record of the side that is older. */
  passedBefore(side: Side): number;
  /** The join's time by which a record of the side with this time is older than `closedBefore`. */
  closesAt(side: Side, timestampMs: number): number;
  /** `oldest` by the bucket, so that it moves only when rows go. */
  expiredBefore(side: Side): number;
}

/** Without windows there is no clock, and nothing closes. */
export function joinTime(windows: JoinWindows | TimeWindows | undefined, clock: OperatorClock | undefined): JoinTime {
  if (windows === undefined || clock === undefined) return ALWAYS;
  return windows.kind === "time" ? new SameWindow(windows, clock) : new WithinTime(windows, clock);
}

/** Whatever the times are. */
const ALWAYS: JoinTime = {
  movesByBatch: false,
  advance: () => undefined,
  late: () => false,
  matching: () => [-Infinity, Infinity],
  oldest: () => -Infinity,
  keptFrom: () => -Infinity,
  closedBefore: () => -Infinity,
  passedBefore: () => -Infinity,
  closesAt: () => Infinity,
  expiredBefore: () => -Infinity,
};

/** What goes by the clock alone. */
abstract class ByClock {
  protected readonly clock: OperatorClock;

  constructor(clock: OperatorClock) {
    this.clock = clock;
  }

  get movesByBatch(): boolean {
    return this.clock.movesByBatch;
  }

  advance(side: Side, timestampMs: number): void {
    this.clock.advance(timestampMs, side);
  }
}

/** Records match that are so far apart. */
class WithinTime extends ByClock implements JoinTime {
  readonly #windows: JoinWindows;

  constructor(windows: JoinWindows, clock: OperatorClock) {
    super(clock);
    this.#windows = windows;
  }

  /** By a watermark (Spark). By stream time alone none is: what is late may still match what is there (Kafka Streams). */
  late(timestampMs: number): boolean {
    return this.clock.isLate(timestampMs + this.#windows.graceMs, Infinity);
  }

  matching(side: Side, timestampMs: number): readonly [fromMs: number, toMs: number] {
    const { beforeMs, afterMs } = this.#windows;
    return side === LEFT
      ? [timestampMs - beforeMs, timestampMs + afterMs]
      : [timestampMs - afterMs, timestampMs + beforeMs];
  }

  /** By the side's own time, as in Kafka Streams. */
  oldest(side: Side): number {
    return this.clock.inputTimeMs(side) - retentionOf(this.#windows);
  }

  keptFrom(side: Side): number {
    return this.clock.movesByBatch ? this.closedBefore(side) : this.oldest(side);
  }

  closedBefore(side: Side): number {
    return this.passedBefore(side) - this.#windows.graceMs;
  }

  passedBefore(side: Side): number {
    return this.clock.streamTimeMs - (side === LEFT ? this.#windows.afterMs : this.#windows.beforeMs);
  }

  closesAt(side: Side, timestampMs: number): number {
    const { beforeMs, afterMs, graceMs } = this.#windows;
    return timestampMs + (side === LEFT ? afterMs : beforeMs) + graceMs + 1;
  }

  expiredBefore(side: Side): number {
    const bucketMs = bucketOf(this.#windows);
    return Math.floor(this.oldest(side) / bucketMs) * bucketMs;
  }
}

/** Records match that are in one window of a row of them: bounds are starts of windows. */
class SameWindow extends ByClock implements JoinTime {
  readonly #sizeMs: number;
  readonly #graceMs: number;

  constructor({ sizeMs, graceMs }: TimeWindows, clock: OperatorClock) {
    super(clock);
    this.#sizeMs = sizeMs;
    this.#graceMs = graceMs;
  }

  late(timestampMs: number): boolean {
    return timestampMs < this.oldest();
  }

  matching(_side: Side, timestampMs: number): readonly [fromMs: number, toMs: number] {
    const start = this.#startOf(timestampMs);
    return [start, start + this.#sizeMs - 1];
  }

  oldest(): number {
    return this.#startOf(this.clock.lateTimeMs - this.#graceMs);
  }

  keptFrom(): number {
    return this.closedBefore();
  }

  closedBefore(): number {
    return this.#startOf(this.clock.streamTimeMs - this.#graceMs);
  }

  passedBefore(): number {
    return this.#startOf(this.clock.streamTimeMs);
  }

  closesAt(_side: Side, timestampMs: number): number {
    return this.#startOf(timestampMs) + this.#sizeMs + this.#graceMs;
  }

  /** A bucket is a window. */
  expiredBefore(): number {
    return this.oldest();
  }

  #startOf(ms: number): number {
    return Math.floor(ms / this.#sizeMs) * this.#sizeMs;
  }
}
