import type { AggregateNode } from "../../../schema/plan.ts";
import type { CachedStore } from "../store/store-cache.ts";
import { Fold } from "./fold.ts";
import type { ManyInputs } from "./input.ts";
import type { Output, Runtime } from "./operator.ts";
import { storeKey } from "./record-key.ts";
import { shownBy } from "./result-payload.ts";
import type { StreamRecord } from "./stream-record.ts";
import { Updates } from "./updates.ts";

/** One state per key. A record with a null key or a null value is dropped and counted (KStreamAggregate). */
export class Aggregate implements ManyInputs {
  readonly name: string;
  readonly #store: CachedStore;
  readonly #runtime: Runtime;
  readonly #fold: Fold;
  readonly #updates: Updates;

  constructor(parts: { node: AggregateNode; store: CachedStore }, runtime: Runtime, output: Output) {
    this.name = parts.node.name;
    this.#store = parts.store;
    this.#runtime = runtime;
    this.#fold = new Fold(parts.node, runtime.cache);
    this.#updates = new Updates(runtime, output, shownBy(parts.node, runtime.trace));
  }

  process(record: StreamRecord, input = 0): void {
    if (record.key === null || record.value === null) {
      this.#runtime.tally.droppedRecords++;
      return;
    }
    const key = storeKey(record.key, this.name);
    const folded = this.#fold.apply(this.#runtime.cache.entry(this.#store, key), record, input);
    this.#updates.emit(key, folded, record);
  }

  endBatch(): void {
    this.#updates.endBatch();
  }
}
