import type { AggregateNode, TimeWindows } from "../../../schema/plan.ts";
import type { CachedStore } from "../store/store-cache.ts";
import type { Clock } from "./clock.ts";
import { Fold } from "./fold.ts";
import type { Operator, Output, Runtime } from "./operator.ts";
import { storeKey } from "./record-key.ts";
import type { StreamRecord } from "./stream-record.ts";
import { accepted, expiredBefore, firstStart, retentionMs } from "./time-windows.ts";
import { Updates } from "./updates.ts";

export interface WindowAggregateParts {
  readonly node: AggregateNode;
  readonly windows: TimeWindows;
  readonly store: CachedStore;
  readonly clock: Clock;
}

/** One state per key and window. A record with a null key is dropped and counted before it moves the clock (Kafka). */
export class WindowAggregate implements Operator {
  readonly name: string;
  readonly #windows: TimeWindows;
  readonly #store: CachedStore;
  readonly #clock: Clock;
  readonly #retentionMs: number;
  readonly #runtime: Runtime;
  readonly #fold: Fold;
  readonly #updates: Updates;

  constructor({ node, windows, store, clock }: WindowAggregateParts, runtime: Runtime, output: Output) {
    this.name = node.name;
    this.#windows = windows;
    this.#store = store;
    this.#clock = clock;
    this.#retentionMs = retentionMs(windows, node.store.retentionMs);
    this.#runtime = runtime;
    this.#fold = new Fold(node, runtime.cache);
    this.#updates = new Updates(runtime, output);
  }

  process(record: StreamRecord): void {
    if (record.key === null) {
      this.#runtime.tally.droppedRecords++;
      return;
    }
    const key = storeKey(record.key, this.name);
    const { timestampMs } = record;
    this.#clock.advance(timestampMs);
    let late = false;
    for (let start = firstStart(this.#windows, timestampMs); start <= timestampMs; start += this.#windows.advanceMs) {
      if (accepted(this.#windows, start, this.#clock.streamTimeMs)) this.#foldInto(start, key, record);
      else late = true;
    }
    if (late) this.#runtime.tally.lateRecords++;
  }

  endBatch(): void {
    this.#updates.endBatch();
  }

  expire(): void {
    const { streamTimeMs } = this.#clock;
    if (streamTimeMs === -Infinity) return;
    this.#runtime.cache.expire(this.#store, expiredBefore(this.#windows, streamTimeMs, this.#retentionMs));
  }

  #foldInto(start: number, key: string, record: StreamRecord): void {
    const entry = this.#runtime.cache.windowEntry(this.#store, start, key);
    this.#updates.emit({ key, start, end: start + this.#windows.sizeMs }, this.#fold.apply(entry, record), record);
  }
}
