import type { SessionWindows } from "../../../schema/windows.ts";
import type { OrderedStore } from "../store/ordered-store.ts";
import type { TimerQueue } from "../store/timer-queue.ts";
import type { FoldAt } from "./fold.ts";
import type { Output, Runtime } from "./operator.ts";
import { storeKey } from "./record-key.ts";
import { SessionClosing } from "./session-closing.ts";
import { sessionKey, SessionRows, type Session } from "./session-rows.ts";
import type { SessionTimes } from "./session-times.ts";
import type { StreamRecord } from "./stream-record.ts";
import { WindowedAggregate, type WindowedAggregateParts } from "./windowed-aggregate.ts";

export interface SessionAggregateParts extends WindowedAggregateParts {
  readonly windows: SessionWindows;
  readonly times: SessionTimes;
  readonly store: OrderedStore;
  /** Where sessions are sent when they have closed. */
  readonly timers: TimerQueue | undefined;
}

/**
 * One state per key and session. A record joins the sessions that it touches into one. A record with a null key is dropped
 * and counted before it moves the clock (KStreamSessionWindowAggregate).
 */
export class SessionAggregate extends WindowedAggregate {
  readonly #windows: SessionWindows;
  readonly #rows: SessionRows;
  readonly #times: SessionTimes;
  readonly #closing: SessionClosing | undefined;

  constructor(parts: SessionAggregateParts, runtime: Runtime, output: Output) {
    const { windows, times, store, timers } = parts;
    const rows = new SessionRows(store);
    const closing = timers && new SessionClosing({ rows, times, timers });
    super({ ...parts, closing }, runtime, output);
    this.#windows = windows;
    this.#rows = rows;
    this.#times = times;
    this.#closing = closing;
  }

  process(record: StreamRecord, input = 0): void {
    if (record.key === null) {
      this.runtime.tally.droppedRecords++;
      return;
    }
    const key = storeKey(record.key, this.name);
    const { timestampMs } = record;
    const reachMs = timestampMs + this.#gapOf(record);
    this.clock.advance(timestampMs, input);
    const { lateTimeMs: streamTimeMs } = this.clock;
    // What is let go at the next flush is gone already, wherever the slice ends.
    const fromMs = Math.max(timestampMs, this.#times.goneBefore(streamTimeMs));
    const others = [...this.#rows.touching(key, fromMs, reachMs)];
    const joined = join({ start: timestampMs, end: timestampMs, reachMs }, others);
    if (joined.reachMs <= this.#times.closedThrough(streamTimeMs)) this.late.add(record, { ...joined, streamTimeMs });
    else this.#replace(record, others, { ...joined, key, input });
    this.timeMoved();
  }

  protected letGo(streamTimeMs: number): void {
    this.#rows.expire(this.#times.goneBefore(streamTimeMs));
  }

  /** The record and the other sessions are one now. */
  #replace(record: StreamRecord, others: readonly Session[], joined: Bounds & FoldAt): void {
    const { key, start, end, reachMs } = joined;
    const states = others.map(({ text }) => text);
    const text = this.fold.merge(states, record, joined);
    // Kafka: a session of one instant that is hit again is updated, every other one that a record joins is withdrawn.
    const instant = start === end;
    for (const other of others) {
      this.#rows.remove(key, other);
      const gone = { before: other.text, timestampMs: other.end };
      if (!instant) this.updates?.withdraw(sessionKey(key, other), gone, record);
    }
    if (text !== undefined) {
      const session = { start, end, reachMs, text };
      this.#rows.put(key, session);
      if (others.every((other) => other.reachMs <= this.sentThrough)) this.#closing?.began(key, session);
    }
    const before = instant ? states[0] : undefined;
    this.updates?.emit(sessionKey(key, joined), { text, before, timestampMs: end }, record);
  }

  #gapOf(record: StreamRecord): number {
    const { gapMs, gap } = this.#windows;
    if (gap === undefined) return gapMs;
    const own = gap(record.value, record.key, record.context);
    if (Number.isSafeInteger(own) && own >= 1 && own <= gapMs) return own;
    throw new RangeError(`${this.name} got a gap of ${own} ms; a gap is 1 to ${gapMs} whole ms, its maxGap`);
  }
}

type Bounds = Omit<Session, "text">;

function join(alone: Bounds, others: readonly Session[]): Bounds {
  return others.reduce(
    (joined, { start, end, reachMs }) => ({
      start: Math.min(joined.start, start),
      end: Math.max(joined.end, end),
      reachMs: Math.max(joined.reachMs, reachMs),
    }),
    alone,
  );
}
