import type { TableNode } from "../../../schema/plan.ts";
import { boundedState } from "../store/state-value.ts";
import type { CachedStore } from "../store/store-cache.ts";
import type { Operator, Output, Runtime } from "./operator.ts";
import { storeKey } from "./record-key.ts";
import type { StreamRecord } from "./stream-record.ts";
import { Updates } from "./updates.ts";

/**
 * Keeps the last value of each key, by arrival, with its record's time; null removes it. The text is kept as it came.
 * Every update is passed on, a repeated one too. A null key is dropped and counted.
 */
export class ToTable implements Operator {
  readonly name: string;
  readonly #store: CachedStore;
  readonly #runtime: Runtime;
  readonly #updates: Updates;

  constructor(parts: { node: TableNode; store: CachedStore }, runtime: Runtime, output: Output) {
    this.name = parts.node.name;
    this.#store = parts.store;
    this.#runtime = runtime;
    this.#updates = new Updates(runtime, output);
  }

  process(record: StreamRecord): void {
    if (record.key === null) {
      this.#runtime.tally.droppedRecords++;
      return;
    }
    const key = storeKey(record.key, this.name);
    const { timestampMs } = record;
    const text = record.value === null ? undefined : boundedState(record.payload.json("state"), "state");
    const entry = this.#runtime.cache.entry(this.#store, key);
    const before = entry.value?.value;
    this.#runtime.cache.write(entry, text === undefined ? undefined : { value: text, timestampMs });
    this.#updates.emit(key, { text, before, timestampMs }, record);
  }

  endBatch(): void {
    this.#updates.endBatch();
  }
}
