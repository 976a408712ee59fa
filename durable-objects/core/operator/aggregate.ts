import type { AggregateNode } from "../../../schema/plan.ts";
import type { CachedStore } from "../store/store-cache.ts";
import { BatchStates } from "./batch-states.ts";
import { Fold } from "./fold.ts";
import type { ManyInputs } from "./input.ts";
import type { Output, Runtime } from "./operator.ts";
import { storeKey } from "./record-key.ts";
import { shownBy } from "./result-payload.ts";
import type { StreamRecord } from "./stream-record.ts";
import { Updates } from "./updates.ts";

const SLOTS = { first: 0, count: 1, stepMs: 1 };

export interface AggregateParts {
  readonly node: AggregateNode;
  readonly store: CachedStore;
  /** Nobody looks at the store before a micro-batch ends. */
  readonly unread: boolean;
}

/** One state per key. A record with a null key or a null value is dropped and counted (KStreamAggregate). */
export class Aggregate implements ManyInputs {
  readonly name: string;
  readonly #store: CachedStore;
  readonly #runtime: Runtime;
  readonly #fold: Fold;
  readonly #updates: Updates;
  readonly #batch: BatchStates | undefined;

  constructor({ node, store, unread }: AggregateParts, runtime: Runtime, output: Output) {
    this.name = node.name;
    this.#store = store;
    this.#runtime = runtime;
    this.#fold = new Fold(node, runtime.cache);
    this.#updates = new Updates(runtime, output, shownBy(node, runtime.trace));
    const stored = (_: number, key: string) => runtime.cache.entry(store, key).value;
    this.#batch = unread ? new BatchStates({ fold: this.#fold, undo: runtime.undo, stored }) : undefined;
  }

  process(record: StreamRecord, input = 0): void {
    if (record.key === null || record.value === null) {
      this.#runtime.tally.droppedRecords++;
      return;
    }
    const key = storeKey(record.key, this.name);
    if (this.#batch !== undefined && this.#runtime.microBatch) {
      this.#batch.fold(record, { key, input }, SLOTS);
      return;
    }
    const folded = this.#fold.apply(this.#runtime.cache.entry(this.#store, key), record, input);
    this.#updates.emit(key, folded, record);
  }

  endBatch(): void {
    const { cache } = this.#runtime;
    for (const { key, value, now } of this.#batch?.take() ?? []) {
      const entry = cache.entry(this.#store, key);
      const update = { text: value?.value, before: entry.value?.value, timestampMs: now.timestampMs };
      cache.write(entry, value);
      this.#updates.emit(key, update, now);
      cache.trim();
    }
    this.#updates.endBatch();
  }
}
