import type { OrderedStore } from "../store/ordered-store.ts";
import type { TimerQueue } from "../store/timer-queue.ts";
import type { FoldAt } from "./fold.ts";
import type { Output, Runtime } from "./operator.ts";
import { storeKey } from "./record-key.ts";
import { SlidingClosing } from "./sliding-closing.ts";
import { slidingSteps, type SlidingStep } from "./sliding-plan.ts";
import { SlidingRows } from "./sliding-rows.ts";
import type { SlidingTimes } from "./sliding-times.ts";
import type { StreamRecord } from "./stream-record.ts";
import { WindowedAggregate, type WindowedAggregateParts } from "./windowed-aggregate.ts";

export interface SlidingAggregateParts extends WindowedAggregateParts {
  readonly differenceMs: number;
  readonly times: SlidingTimes;
  readonly store: OrderedStore;
  /** Where windows are sent when they have closed. */
  readonly timers: TimerQueue | undefined;
}

/**
 * One state per key and sliding window. A record with a null key or a null value is dropped and counted before it moves the
 * clock (KStreamSlidingWindowAggregate).
 */
export class SlidingAggregate extends WindowedAggregate {
  readonly #differenceMs: number;
  readonly #rows: SlidingRows;
  readonly #times: SlidingTimes;
  readonly #closing: SlidingClosing | undefined;

  constructor(parts: SlidingAggregateParts, runtime: Runtime, output: Output) {
    const { differenceMs, times, store, timers } = parts;
    const rows = new SlidingRows(store);
    const closing = timers && new SlidingClosing({ rows, times, timers, differenceMs });
    super({ ...parts, closing }, runtime, output);
    this.#differenceMs = differenceMs;
    this.#rows = rows;
    this.#times = times;
    this.#closing = closing;
  }

  process(record: StreamRecord, input = 0): void {
    if (record.key === null || record.value === null) {
      this.runtime.tally.droppedRecords++;
      return;
    }
    const key = storeKey(record.key, this.name);
    this.clock.advance(record.timestampMs, input);
    const closed = this.#times.closedThrough(this.clock.lateTimeMs);
    const { taken, refused } = record.timestampMs > closed ? this.#take(record, { key, input }, closed) : NONE_TAKEN;
    if (refused > 0) this.#missed(record, taken);
    this.timeMoved();
  }

  protected letGo(streamTimeMs: number): void {
    this.#rows.expire(this.#times.goneBefore(streamTimeMs));
  }

  /** Into how many windows the record went, and how many did not take it. */
  #take(record: StreamRecord, at: FoldAt, closed: number): Taken {
    const { timestampMs } = record;
    const differenceMs = this.#differenceMs;
    const near = this.#rows.range(at.key, Math.max(0, timestampMs - 2 * differenceMs), timestampMs + 1);
    let taken = 0;
    let refused = 0;
    for (const step of slidingSteps({ timestampMs, differenceMs, near })) {
      if (step.start <= closed) refused++;
      else {
        if (step.add) taken++;
        this.#change(record, at, step);
      }
    }
    return { taken, refused };
  }

  #change(record: StreamRecord, at: FoldAt, step: SlidingStep): void {
    const { key } = at;
    const { start } = step;
    const made = step.from === undefined || this.#rows.get(key, start) === undefined;
    // The node behind may have been at work meanwhile.
    this.runtime.trace.node = this.name;
    const { text, maxMs } = this.#stateOf(record, at, step);
    this.#rows.put(key, start, text === undefined ? undefined : { text, maxMs });
    if (made && text !== undefined) this.#closing?.began(key, start);
    const window = { key, start, end: start + this.#differenceMs };
    const before = made ? undefined : step.from?.text;
    this.updates?.emit(window, { text, before, timestampMs: maxMs }, record);
  }

  #stateOf(
    record: StreamRecord,
    at: FoldAt,
    { from, add }: SlidingStep,
  ): { readonly text: string | undefined; readonly maxMs: number } {
    if (!add && from !== undefined) return from;
    const maxMs = Math.max(from?.maxMs ?? record.timestampMs, record.timestampMs);
    return { text: this.fold.add(from?.text, record, at), maxMs };
  }

  #missed(record: StreamRecord, taken: number): void {
    const start = Math.max(0, record.timestampMs - this.#differenceMs);
    const { streamTimeMs } = this.clock;
    this.late.add(record, taken > 0 ? undefined : { start, end: start + this.#differenceMs, streamTimeMs });
  }
}

interface Taken {
  readonly taken: number;
  readonly refused: number;
}

const NONE_TAKEN: Taken = { taken: 0, refused: 1 };
