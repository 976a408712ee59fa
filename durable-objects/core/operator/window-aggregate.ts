import type { CachedStore } from "../store/store-cache.ts";
import type { Output, Runtime } from "./operator.ts";
import { storeKey } from "./record-key.ts";
import { SlotClosing } from "./slot-closing.ts";
import type { StreamRecord } from "./stream-record.ts";
import type { WindowSlots } from "./window-slots.ts";
import { WindowedAggregate, type WindowedAggregateParts } from "./windowed-aggregate.ts";

export interface WindowAggregateParts extends WindowedAggregateParts {
  readonly slots: WindowSlots;
  readonly store: CachedStore;
}

/** One state per key and window. A record with a null key is dropped and counted before it moves the clock (Kafka). */
export class WindowAggregate extends WindowedAggregate {
  readonly #slots: WindowSlots;
  readonly #store: CachedStore;

  constructor(parts: WindowAggregateParts, runtime: Runtime, output: Output) {
    const { node, slots, store } = parts;
    const closing = node.emit === "onClose" ? new SlotClosing({ slots, store, cache: runtime.cache }) : undefined;
    super({ ...parts, times: slots, closing }, runtime, output);
    this.#slots = slots;
    this.#store = store;
  }

  process(record: StreamRecord, input = 0): void {
    if (record.key === null) {
      this.runtime.tally.droppedRecords++;
      return;
    }
    const key = storeKey(record.key, this.name);
    this.clock.advance(record.timestampMs, input);
    this.#foldInto(record, { key, input, closed: this.#slots.closedThrough(this.clock.lateTimeMs) });
    this.timeMoved();
  }

  protected letGo(streamTimeMs: number): void {
    this.runtime.cache.expire(this.#store, this.#slots.expiredBefore(streamTimeMs));
  }

  /** `closed`: the last slot that takes no records any more. */
  #foldInto(record: StreamRecord, { key, input, closed }: { key: string; input: number; closed: number }): void {
    const slots = this.#slots;
    const first = slots.first(record.timestampMs);
    const last = slots.last(record.timestampMs);
    let slot = first;
    for (; slot <= last; slot += slots.stepMs) {
      if (slot <= closed) continue;
      const entry = this.runtime.cache.windowEntry(this.#store, slot, key);
      // A node behind may have been at work meanwhile.
      this.runtime.trace.node = this.name;
      const folded = this.fold.apply(entry, record, input);
      this.updates?.emit(slots.keyOf(key, slot), folded, record);
    }
    if (last < first) this.runtime.tally.droppedRecords++;
    else if (first <= closed) this.#missed(record, slot - slots.stepMs, closed);
  }

  #missed(record: StreamRecord, last: number, closed: number): void {
    const missed = last <= closed ? this.#slots.keyOf("", last) : undefined;
    this.late.add(record, missed && { ...missed, streamTimeMs: this.clock.lateTimeMs });
  }
}
