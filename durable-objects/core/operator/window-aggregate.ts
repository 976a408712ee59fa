import type { AggregateNode } from "../../../schema/plan.ts";
import type { CachedStore } from "../store/store-cache.ts";
import type { Clock } from "./clock.ts";
import { Fold } from "./fold.ts";
import type { Operator, Output, Runtime } from "./operator.ts";
import { storeKey } from "./record-key.ts";
import type { StreamRecord } from "./stream-record.ts";
import { Updates } from "./updates.ts";
import { type SlotWindows, slotsOf, type WindowSlots } from "./window-slots.ts";

export interface WindowAggregateParts {
  readonly node: AggregateNode;
  readonly windows: SlotWindows;
  readonly store: CachedStore;
  readonly clock: Clock;
}

/** One state per key and window. A record with a null key is dropped and counted before it moves the clock (Kafka). */
export class WindowAggregate implements Operator {
  readonly name: string;
  readonly #slots: WindowSlots;
  readonly #store: CachedStore;
  readonly #clock: Clock;
  readonly #runtime: Runtime;
  readonly #fold: Fold;
  readonly #updates: Updates;

  constructor({ node, windows, store, clock }: WindowAggregateParts, runtime: Runtime, output: Output) {
    this.name = node.name;
    this.#slots = slotsOf(windows, node.store.retentionMs);
    this.#store = store;
    this.#clock = clock;
    this.#runtime = runtime;
    this.#fold = new Fold(node, runtime.cache);
    this.#updates = new Updates(runtime, output);
  }

  process(record: StreamRecord): void {
    const { tally } = this.#runtime;
    if (record.key === null) {
      tally.droppedRecords++;
      return;
    }
    const key = storeKey(record.key, this.name);
    const { timestampMs } = record;
    this.#clock.advance(timestampMs);
    const slots = this.#slots;
    const closed = slots.closedThrough(this.#clock.streamTimeMs);
    const first = slots.first(timestampMs);
    const last = slots.last(timestampMs);
    for (let slot = first; slot <= last; slot += slots.stepMs) if (slot > closed) this.#foldInto(slot, key, record);
    if (last < first) tally.droppedRecords++;
    else if (first <= closed) tally.lateRecords++;
  }

  endBatch(): void {
    this.#updates.endBatch();
  }

  expire(): void {
    const { streamTimeMs } = this.#clock;
    if (streamTimeMs === -Infinity) return;
    this.#runtime.cache.expire(this.#store, this.#slots.expiredBefore(streamTimeMs));
  }

  #foldInto(slot: number, key: string, record: StreamRecord): void {
    const entry = this.#runtime.cache.windowEntry(this.#store, slot, key);
    this.#updates.emit(this.#slots.keyOf(key, slot), this.#fold.apply(entry, record), record);
  }
}
