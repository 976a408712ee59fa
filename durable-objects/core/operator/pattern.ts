import type { PatternNode } from "../../../schema/plan.ts";
import { advance, NO_RUNS, type PatternState } from "../pattern/runs.ts";
import { stateText } from "../store/state-value.ts";
import type { CachedStore } from "../store/store-cache.ts";
import type { TimerQueue } from "../store/timer-queue.ts";
import type { OperatorClock } from "./clock.ts";
import type { Operator, Output, Runtime } from "./operator.ts";
import { storeKey } from "./record-key.ts";
import { returnedValue } from "./returned.ts";
import { StreamRecord } from "./stream-record.ts";

export interface PatternParts {
  readonly node: PatternNode;
  /** By key: the runs that have begun. */
  readonly store: CachedStore;
  /** When the youngest run of a key can no longer end, by operator time. */
  readonly timers: TimerQueue;
  readonly clock: OperatorClock;
}

/** Finds sequences of records of a key (PAT-1). A record with a null key is dropped and counted. */
export class Pattern implements Operator {
  readonly name: string;
  readonly #node: PatternNode;
  readonly #store: CachedStore;
  readonly #timers: TimerQueue;
  readonly #clock: OperatorClock;
  readonly #runtime: Runtime;
  readonly #output: Output;

  constructor({ node, store, timers, clock }: PatternParts, runtime: Runtime, output: Output) {
    this.name = node.name;
    this.#node = node;
    this.#store = store;
    this.#timers = timers;
    this.#clock = clock;
    this.#runtime = runtime;
    this.#output = output;
  }

  process(record: StreamRecord): void {
    if (record.key === null) {
      this.#runtime.tally.droppedRecords++;
      return;
    }
    const key = storeKey(record.key, this.name);
    const { timestampMs, context } = record;
    this.#clock.advance(timestampMs);
    const entry = this.#runtime.cache.entry(this.#store, key);
    const before = entry.value === undefined ? NO_RUNS : (JSON.parse(entry.value.value) as PatternState);
    const { state, matches } = advance(this.#node, before, {
      value: record.value,
      timestampMs,
      streamTimeMs: this.#clock.lateTimeMs,
      context,
    });
    const results = matches.map(({ matched }) => returnedValue(this.#node.select(matched, key, context), this.name));
    const dueMs = Math.max(...state.runs.map(({ startMs }) => startMs)) + this.#node.withinMs + 1;
    const dueBefore = entry.value?.timestampMs;
    if (state.runs.length === 0) this.#runtime.cache.write(entry, undefined);
    else this.#runtime.cache.write(entry, { value: stateText(state, "state"), timestampMs: dueMs });
    if (dueBefore !== undefined && dueBefore !== dueMs) this.#timers.clear(dueBefore, key);
    if (state.runs.length > 0 && dueBefore !== dueMs) this.#timers.set({ dueMs, key, payload: "1" });
    for (const payload of results) this.#output.forward(new StreamRecord(key, payload, record));
  }

  /** Lets go of what can no longer become a match. */
  expire(): void {
    for (const { key } of this.#timers.takeDue(this.#clock.streamTimeMs)) {
      this.#runtime.cache.write(this.#runtime.cache.entry(this.#store, key), undefined);
    }
  }
}
