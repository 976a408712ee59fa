import type { AggregateNode } from "../../../schema/plan.ts";
import type { CachedStore } from "../store/store-cache.ts";
import type { OperatorClock } from "./clock.ts";
import { ClosedResults } from "./closed-results.ts";
import { Fold } from "./fold.ts";
import type { ManyInputs } from "./input.ts";
import { LateRecords } from "./late-records.ts";
import type { Output, Runtime, Unsent } from "./operator.ts";
import { storeKey } from "./record-key.ts";
import { shownBy } from "./result-payload.ts";
import { SlotClosing } from "./slot-closing.ts";
import type { StreamRecord } from "./stream-record.ts";
import { Updates } from "./updates.ts";
import type { WindowSlots } from "./window-slots.ts";

export interface WindowAggregateParts {
  readonly node: AggregateNode;
  readonly slots: WindowSlots;
  readonly store: CachedStore;
  readonly clock: OperatorClock;
  /** Of the records that are too late for all their windows. */
  readonly late: Output | undefined;
}

/** One state per key and window. A record with a null key is dropped and counted before it moves the clock (Kafka). */
export class WindowAggregate implements ManyInputs {
  readonly name: string;
  readonly #slots: WindowSlots;
  readonly #store: CachedStore;
  readonly #clock: OperatorClock;
  readonly #runtime: Runtime;
  readonly #fold: Fold;
  readonly #late: LateRecords;
  /** How results go on: each change, or each window when it has closed. */
  readonly #updates: Updates | undefined;
  readonly #closed: ClosedResults | undefined;

  constructor({ node, slots, store, clock, late }: WindowAggregateParts, runtime: Runtime, output: Output) {
    this.name = node.name;
    this.#slots = slots;
    this.#store = store;
    this.#clock = clock;
    this.#runtime = runtime;
    this.#fold = new Fold(node, runtime.cache);
    this.#late = new LateRecords(runtime, late);
    const shown = shownBy(node, runtime.trace);
    if (node.emit === "onClose") {
      const windows = new SlotClosing({ slots, store, cache: runtime.cache });
      this.#closed = new ClosedResults({ windows, clock, shown }, runtime, output);
    } else this.#updates = new Updates(runtime, output, shown);
  }

  process(record: StreamRecord, input = 0): void {
    if (record.key === null) {
      this.#runtime.tally.droppedRecords++;
      return;
    }
    const key = storeKey(record.key, this.name);
    this.#clock.advance(record.timestampMs, input);
    this.#foldInto(record, { key, input, closed: this.#slots.closedThrough(this.#clock.lateTimeMs) });
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
    if (streamTimeMs === -Infinity) return;
    this.#runtime.cache.expire(this.#store, this.#slots.expiredBefore(streamTimeMs));
  }

  /** `closed`: the last slot that takes no records any more. */
  #foldInto(record: StreamRecord, { key, input, closed }: { key: string; input: number; closed: number }): void {
    const slots = this.#slots;
    const first = slots.first(record.timestampMs);
    const last = slots.last(record.timestampMs);
    let slot = first;
    for (; slot <= last; slot += slots.stepMs) {
      if (slot <= closed) continue;
      const entry = this.#runtime.cache.windowEntry(this.#store, slot, key);
      // A node behind may have been at work meanwhile.
      this.#runtime.trace.node = this.name;
      const folded = this.#fold.apply(entry, record, input);
      this.#updates?.emit(slots.keyOf(key, slot), folded, record);
    }
    if (last < first) this.#runtime.tally.droppedRecords++;
    else if (first <= closed) this.#missed(record, slot - slots.stepMs, closed);
  }

  #missed(record: StreamRecord, last: number, closed: number): void {
    const missed = last <= closed ? this.#slots.keyOf("", last) : undefined;
    this.#late.add(record, missed && { ...missed, streamTimeMs: this.#clock.lateTimeMs });
  }
}
