import type { CachedStore } from "../store/store-cache.ts";
import { BatchStates } from "./batch-states.ts";
import type { Output, Runtime } from "./operator.ts";
import { storeKey } from "./record-key.ts";
import { SlotClosing } from "./slot-closing.ts";
import type { StreamRecord } from "./stream-record.ts";
import type { WindowSlots } from "./window-slots.ts";
import { WindowedAggregate, type WindowedAggregateParts } from "./windowed-aggregate.ts";

export interface WindowAggregateParts extends WindowedAggregateParts {
  readonly slots: WindowSlots;
  readonly store: CachedStore;
  /** Nobody looks at the store before a micro-batch ends. */
  readonly unread: boolean;
}

/** One state per key and window. A record with a null key is dropped and counted before it moves the clock (Kafka). */
export class WindowAggregate extends WindowedAggregate {
  readonly #slots: WindowSlots;
  readonly #store: CachedStore;
  readonly #batch: BatchStates | undefined;

  constructor(parts: WindowAggregateParts, runtime: Runtime, output: Output) {
    const { node, slots, store, unread } = parts;
    const closing = node.emit === "onClose" ? new SlotClosing({ slots, store, cache: runtime.cache }) : undefined;
    super({ ...parts, times: slots, closing }, runtime, output);
    this.#slots = slots;
    this.#store = store;
    const stored = (slot: number, key: string) => runtime.cache.windowEntry(store, slot, key).value;
    this.#batch = unread ? new BatchStates({ fold: this.fold, undo: runtime.undo, stored }) : undefined;
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

  override endBatch(): void {
    const { cache } = this.runtime;
    for (const { slot, key, value, now } of this.#batch?.take() ?? []) {
      const entry = cache.windowEntry(this.#store, slot, key);
      const update = { text: value?.value, before: entry.value?.value, timestampMs: now.timestampMs };
      cache.write(entry, value);
      this.updates?.emit(this.#slots.keyOf(key, slot), update, now);
      cache.trim();
    }
    super.endBatch();
  }

  protected letGo(streamTimeMs: number): void {
    this.runtime.cache.expire(this.#store, this.#slots.expiredBefore(streamTimeMs));
  }

  /** `closed`: the last slot that takes no records any more. */
  #foldInto(record: StreamRecord, { key, input, closed }: { key: string; input: number; closed: number }): void {
    const { stepMs } = this.#slots;
    const first = this.#slots.first(record.timestampMs);
    const last = this.#slots.last(record.timestampMs);
    if (last < first) {
      this.runtime.tally.droppedRecords++;
      return;
    }
    let open = first;
    while (open <= closed && open <= last) open += stepMs;
    if (open <= last) this.#foldFrom(open, last, { record, key, input });
    if (open > first) this.#missed(record, lastSlot(first, last, stepMs), closed);
  }

  #foldFrom(
    first: number,
    last: number,
    { record, key, input }: { record: StreamRecord; key: string; input: number },
  ): void {
    const { stepMs } = this.#slots;
    if (this.#batch !== undefined && this.runtime.microBatch) {
      this.runtime.trace.node = this.name;
      const count = Math.floor((last - first) / stepMs) + 1;
      this.#batch.fold(record, { key, input }, { first, count, stepMs });
      return;
    }
    for (let slot = first; slot <= last; slot += stepMs) {
      const entry = this.runtime.cache.windowEntry(this.#store, slot, key);
      // A node behind may have been at work meanwhile.
      this.runtime.trace.node = this.name;
      const folded = this.fold.apply(entry, record, input);
      this.updates?.emit(this.#slots.keyOf(key, slot), folded, record);
    }
  }

  #missed(record: StreamRecord, last: number, closed: number): void {
    const missed = last <= closed ? this.#slots.keyOf("", last) : undefined;
    this.late.add(record, missed && { ...missed, streamTimeMs: this.clock.lateTimeMs });
  }
}

function lastSlot(first: number, last: number, stepMs: number): number {
  return first + Math.floor((last - first) / stepMs) * stepMs;
}
