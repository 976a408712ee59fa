import { DEFAULT_WINDOW_RETENTION_MS, UNLIMITED_WINDOW_END_MS } from "../../../schema/limits.ts";
import type { CumulativeWindows, TimeWindows, UnlimitedWindows, Windowed } from "../../../schema/windows.ts";
import { SpanKey } from "./span-key.ts";

/** Windows that follow from a record's time alone. Each has a slot: where its rows lie in a store, in the order of its end. */
export interface WindowSlots {
  /** A record goes into the windows of `first`, `first + stepMs` … up to `last`. */
  first(timestampMs: number): number;
  last(timestampMs: number): number;
  readonly stepMs: number;
  keyOf(key: string, slot: number): Windowed;
  slotOf(window: Windowed): number;
  /** Slots of the windows with `fromMs <= start <= toMs`, both ends included. */
  starting(fromMs: number, toMs: number): { readonly fromMs: number; readonly toMs: number };
  /**
   * Windows up to this slot take no records any more: their `end + grace <= streamTime` (Kafka). Moves only when a window
   * closes.
   */
  closedThrough(streamTimeMs: number): number;
  /** The stream time at which a window closes. */
  closesAt(slot: number): number;
  /** Slots below the answer are of windows with `start + retention <= streamTime`. Moves only when a window goes. */
  expiredBefore(streamTimeMs: number): number;
}

export type SlotWindows = TimeWindows | CumulativeWindows | UnlimitedWindows;

/** `retentionMs` as asked for: a window that still takes records is kept whatever it says. */
export function slotsOf(windows: SlotWindows, retentionMs: number | undefined): WindowSlots {
  switch (windows.kind) {
    case "time":
      return new TimeSlots(windows, retentionMs);
    case "cumulative":
      return new CumulativeSlots(windows, retentionMs);
    case "unlimited":
      return new UnlimitedSlots(windows);
  }
}

/**
 * A slot is the start, a multiple of the advance with `start <= t < start + size`. 5 s windows advancing 3 s: [0,5) [3,8)
 * [6,11) …; t = 7 lies in the last two. As in Kafka no window of a time from 0 on starts before 0.
 */
class TimeSlots implements WindowSlots {
  readonly stepMs: number;
  readonly #sizeMs: number;
  readonly #graceMs: number;
  readonly #retentionMs: number;

  constructor({ sizeMs, advanceMs, graceMs }: TimeWindows, retentionMs = DEFAULT_WINDOW_RETENTION_MS) {
    this.stepMs = advanceMs;
    this.#sizeMs = sizeMs;
    this.#graceMs = graceMs;
    this.#retentionMs = Math.max(retentionMs, sizeMs + graceMs);
  }

  first(timestampMs: number): number {
    const first = (Math.floor((timestampMs - this.#sizeMs) / this.stepMs) + 1) * this.stepMs;
    return timestampMs >= 0 ? Math.max(0, first) : first;
  }

  last(timestampMs: number): number {
    return timestampMs;
  }

  keyOf(key: string, slot: number): Windowed {
    return { key, start: slot, end: slot + this.#sizeMs };
  }

  slotOf({ start }: Windowed): number {
    return start;
  }

  starting(fromMs: number, toMs: number): { fromMs: number; toMs: number } {
    return { fromMs, toMs };
  }

  closedThrough(streamTimeMs: number): number {
    return Math.floor((streamTimeMs - this.#graceMs - this.#sizeMs) / this.stepMs) * this.stepMs;
  }

  closesAt(slot: number): number {
    return slot + this.#sizeMs + this.#graceMs;
  }

  expiredBefore(streamTimeMs: number): number {
    return (Math.floor((streamTimeMs - this.#retentionMs) / this.stepMs) + 1) * this.stepMs;
  }
}

/**
 * A slot is the last step of a window, `[end - step, end)`: windows that begin together are told apart by it. Windows up
 * to 6 s by 2 s: [0,2) [0,4) [0,6) [6,8) …; t = 3 lies in the second and the third.
 */
class CumulativeSlots implements WindowSlots {
  readonly stepMs: number;
  readonly #sizeMs: number;
  readonly #graceMs: number;
  readonly #retentionMs: number;

  constructor({ sizeMs, stepMs, graceMs }: CumulativeWindows, retentionMs = DEFAULT_WINDOW_RETENTION_MS) {
    this.stepMs = stepMs;
    this.#sizeMs = sizeMs;
    this.#graceMs = graceMs;
    this.#retentionMs = Math.max(retentionMs, sizeMs + graceMs);
  }

  first(timestampMs: number): number {
    return Math.floor(timestampMs / this.stepMs) * this.stepMs;
  }

  last(timestampMs: number): number {
    return this.#startOf(timestampMs) + this.#sizeMs - this.stepMs;
  }

  keyOf(key: string, slot: number): Windowed {
    return new SpanKey(key, this.#startOf(slot), slot + this.stepMs);
  }

  slotOf({ end }: Windowed): number {
    return end - this.stepMs;
  }

  starting(fromMs: number, toMs: number): { fromMs: number; toMs: number } {
    return { fromMs: this.#startOf(fromMs - 1) + this.#sizeMs, toMs: this.last(toMs) };
  }

  closedThrough(streamTimeMs: number): number {
    return Math.floor((streamTimeMs - this.#graceMs) / this.stepMs) * this.stepMs - this.stepMs;
  }

  closesAt(slot: number): number {
    return slot + this.stepMs + this.#graceMs;
  }

  expiredBefore(streamTimeMs: number): number {
    return this.#startOf(streamTimeMs - this.#retentionMs) + this.#sizeMs;
  }

  #startOf(timestampMs: number): number {
    return Math.floor(timestampMs / this.#sizeMs) * this.#sizeMs;
  }
}

/** One slot. A record before it is in no window. */
class UnlimitedSlots implements WindowSlots {
  readonly stepMs = UNLIMITED_WINDOW_END_MS;
  readonly #startMs: number;

  constructor({ startMs }: UnlimitedWindows) {
    this.#startMs = startMs;
  }

  first(): number {
    return this.#startMs;
  }

  last(timestampMs: number): number {
    return timestampMs < this.#startMs ? -Infinity : this.#startMs;
  }

  keyOf(key: string): Windowed {
    return { key, start: this.#startMs, end: UNLIMITED_WINDOW_END_MS };
  }

  slotOf({ start }: Windowed): number {
    return start;
  }

  starting(fromMs: number, toMs: number): { fromMs: number; toMs: number } {
    return { fromMs, toMs };
  }

  closedThrough(): number {
    return -Infinity;
  }

  closesAt(): number {
    return Infinity;
  }

  expiredBefore(): number {
    return -Infinity;
  }
}
