import type { DedupNode } from "../../../schema/plan.ts";
import type { CachedStore } from "../store/store-cache.ts";
import type { OperatorClock } from "./clock.ts";
import type { Operator, Output, Runtime } from "./operator.ts";
import { storeKey } from "./record-key.ts";
import type { StreamRecord } from "./stream-record.ts";

export interface DedupParts {
  readonly node: DedupNode;
  /** Rows by (bucket of the first record's time, id); the value is that time. A bucket is as long as `within`. */
  readonly store: CachedStore;
  readonly clock: OperatorClock;
}

/**
 * Passes on a record unless one of the same key and id, no more than `within` before or after it, was passed on already. A
 * record with a null key is dropped and counted.
 */
export class Dedup implements Operator {
  readonly name: string;
  readonly #node: DedupNode;
  readonly #store: CachedStore;
  readonly #clock: OperatorClock;
  readonly #runtime: Runtime;
  readonly #output: Output;

  constructor({ node, store, clock }: DedupParts, runtime: Runtime, output: Output) {
    this.name = node.name;
    this.#node = node;
    this.#store = store;
    this.#clock = clock;
    this.#runtime = runtime;
    this.#output = output;
  }

  process(record: StreamRecord): void {
    if (record.key === null) {
      this.#runtime.tally.droppedRecords++;
      return;
    }
    const id = this.#idOf(record, storeKey(record.key, this.name));
    const { timestampMs } = record;
    this.#clock.advance(timestampMs);
    if (this.#clock.isLate(timestampMs, this.#node.withinMs)) {
      this.#runtime.tally.lateRecords++;
      return;
    }
    if (this.#seen(id, timestampMs)) {
      this.#runtime.tally.droppedRecords++;
      return;
    }
    const { cache } = this.#runtime;
    cache.write(cache.windowEntry(this.#store, this.#bucket(timestampMs), id), {
      value: `${timestampMs}`,
      timestampMs,
    });
    this.#output.forward(record);
  }

  /** What no record that is still taken can repeat: it takes those back to `within`, and they repeat others back to `within`. */
  expire(): void {
    const { streamTimeMs } = this.#clock;
    if (streamTimeMs === -Infinity) return;
    this.#runtime.cache.expire(this.#store, this.#bucket(streamTimeMs - 2 * this.#node.withinMs));
  }

  /** Two records of an id in one bucket are within its length, so a bucket has one row for an id. */
  #seen(id: string, timestampMs: number): boolean {
    const { withinMs } = this.#node;
    if (this.#clock.movesByBatch) return this.#remembered(id);
    const bucket = this.#bucket(timestampMs);
    for (const start of [bucket, bucket - withinMs, bucket + withinMs]) {
      const found = this.#runtime.cache.windowEntry(this.#store, start, id).value;
      if (found !== undefined && Math.abs(found.timestampMs - timestampMs) <= withinMs) return true;
    }
    return false;
  }

  /** By a watermark of batches an id is a repetition until that has reached the first one's time and `within`. */
  #remembered(id: string): boolean {
    const { withinMs } = this.#node;
    const over = Math.max(this.#clock.lateTimeMs - withinMs, Number.MIN_SAFE_INTEGER);
    const range = { fromMs: this.#bucket(over), toMs: Number.MAX_SAFE_INTEGER, limit: Infinity };
    const rows = this.#runtime.cache.windowsOfKey(this.#store, id, range);
    return rows.some((first) => first.timestampMs > over);
  }

  #bucket(timestampMs: number): number {
    return Math.floor(timestampMs / this.#node.withinMs) * this.#node.withinMs;
  }

  #idOf(record: StreamRecord, key: string): string {
    const { id } = this.#node;
    if (id === undefined) return key;
    const text: unknown = id(record.value, record.key, record.context);
    if (typeof text !== "string") throw new TypeError(`${this.name} got an id of type ${typeof text}; an id is text`);
    return `${key.length}:${key}${text}`;
  }
}
