import type { AggregateNode, SessionWindows } from "../../../schema/plan.ts";
import type { OrderedStore } from "../store/ordered-store.ts";
import type { TimerQueue } from "../store/timer-queue.ts";
import type { OperatorClock } from "./clock.ts";
import { ClosedResults } from "./closed-results.ts";
import { Fold, type FoldAt } from "./fold.ts";
import { LateRecords } from "./late-records.ts";
import type { ManyInputs } from "./input.ts";
import type { Output, Runtime, Unsent } from "./operator.ts";
import { storeKey } from "./record-key.ts";
import { shownBy } from "./result-payload.ts";
import { SessionClosing } from "./session-closing.ts";
import { sessionKey, SessionRows, type Session } from "./session-rows.ts";
import type { SessionTimes } from "./session-times.ts";
import type { StreamRecord } from "./stream-record.ts";
import { Updates } from "./updates.ts";

export interface SessionAggregateParts {
  readonly node: AggregateNode;
  readonly windows: SessionWindows;
  readonly times: SessionTimes;
  readonly store: OrderedStore;
  /** Where sessions are sent when they have closed. */
  readonly timers: TimerQueue | undefined;
  readonly clock: OperatorClock;
  /** Of the records that are too late for their session. */
  readonly late: Output | undefined;
}

/**
 * One state per key and session. A record joins the sessions that it touches into one. A record with a null key is dropped
 * and counted before it moves the clock (KStreamSessionWindowAggregate).
 */
export class SessionAggregate implements ManyInputs {
  readonly name: string;
  readonly #windows: SessionWindows;
  readonly #rows: SessionRows;
  readonly #times: SessionTimes;
  readonly #clock: OperatorClock;
  readonly #runtime: Runtime;
  readonly #fold: Fold;
  readonly #late: LateRecords;
  /** How results go on: each change, or each session when it has closed. */
  readonly #updates: Updates | undefined;
  readonly #closing: SessionClosing | undefined;
  readonly #closed: ClosedResults | undefined;

  constructor(parts: SessionAggregateParts, runtime: Runtime, output: Output) {
    const { node, windows, times, store, timers, clock, late } = parts;
    this.name = node.name;
    this.#windows = windows;
    this.#rows = new SessionRows(store);
    this.#times = times;
    this.#clock = clock;
    this.#runtime = runtime;
    this.#fold = new Fold(node, runtime.cache);
    this.#late = new LateRecords(runtime, late);
    const shown = shownBy(node, runtime.trace);
    if (timers === undefined) this.#updates = new Updates(runtime, output, shown);
    else {
      this.#closing = new SessionClosing({ rows: this.#rows, times, timers });
      this.#closed = new ClosedResults({ windows: this.#closing, clock, shown }, runtime, output);
    }
  }

  process(record: StreamRecord, input = 0): void {
    if (record.key === null) {
      this.#runtime.tally.droppedRecords++;
      return;
    }
    const key = storeKey(record.key, this.name);
    const { timestampMs } = record;
    const reachMs = timestampMs + this.#gapOf(record);
    this.#clock.advance(timestampMs, input);
    const { lateTimeMs: streamTimeMs } = this.#clock;
    // What is let go at the next flush is gone already, wherever the slice ends.
    const fromMs = Math.max(timestampMs, this.#times.goneBefore(streamTimeMs));
    const others = [...this.#rows.touching(key, fromMs, reachMs)];
    const joined = join({ start: timestampMs, end: timestampMs, reachMs }, others);
    if (joined.reachMs <= this.#times.closedThrough(streamTimeMs)) this.#late.add(record, { ...joined, streamTimeMs });
    else this.#replace(record, others, { ...joined, key, input });
    this.#closed?.timeMoved();
  }

  timeMoved(): void {
    this.#closed?.timeMoved();
  }

  endBatch(): void {
    this.#updates?.endBatch();
    this.#closed?.send();
  }

  unsent(): Unsent | undefined {
    return this.#closed?.unsent();
  }

  expire(): void {
    // Where time moves at the end of a batch, what has closed by it is sent with the next.
    const { lateTimeMs: streamTimeMs } = this.#clock;
    if (streamTimeMs !== -Infinity) this.#rows.expire(this.#times.goneBefore(streamTimeMs));
  }

  /** The record and the other sessions are one now. */
  #replace(record: StreamRecord, others: readonly Session[], joined: Bounds & FoldAt): void {
    const { key, start, end, reachMs } = joined;
    const states = others.map(({ text }) => text);
    const text = this.#fold.merge(states, record, joined);
    // Kafka: a session of one instant that is hit again is updated, every other one that a record joins is withdrawn.
    const instant = start === end;
    for (const other of others) {
      this.#rows.remove(key, other);
      const gone = { before: other.text, timestampMs: other.end };
      if (!instant) this.#updates?.withdraw(sessionKey(key, other), gone, record);
    }
    if (text !== undefined) {
      const session = { start, end, reachMs, text };
      this.#rows.put(key, session);
      const { through = -Infinity } = this.#closed ?? {};
      if (others.every((other) => other.reachMs <= through)) this.#closing?.began(key, session);
    }
    const before = instant ? states[0] : undefined;
    this.#updates?.emit(sessionKey(key, joined), { text, before, timestampMs: end }, record);
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
