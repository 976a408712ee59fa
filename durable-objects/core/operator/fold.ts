import type { AggregateNode } from "../../../schema/plan.ts";
import { assert } from "../assert.ts";
import { boundedState, stateText } from "../store/state-value.ts";
import type { StateEntry, StoreCache } from "../store/store-cache.ts";
import type { StoredValue } from "../store/state-store.ts";
import type { StreamRecord } from "./stream-record.ts";

export interface Folded {
  /** The state now and as it was; `undefined` says that there is none. */
  readonly text: string | undefined;
  readonly before: string | undefined;
  readonly timestampMs: number;
}

/** Folds a record into one key's state. */
export class Fold {
  readonly #initializer: AggregateNode["initializer"];
  /** By input of the node. */
  readonly #aggregators: readonly AggregateNode["aggregator"][];
  readonly #cache: StoreCache;

  constructor({ initializer, aggregator, others = [] }: AggregateNode, cache: StoreCache) {
    this.#initializer = initializer;
    this.#aggregators = [aggregator, ...others];
    this.#cache = cache;
  }

  /** Result time is the largest record time folded in. The aggregator removes the state with null. */
  apply(entry: StateEntry, record: StreamRecord, input = 0): Folded {
    const before = entry.value;
    const timestampMs = before === undefined ? record.timestampMs : Math.max(before.timestampMs, record.timestampMs);
    const text = this.#next(before, record, { key: entry.key, input });
    this.#cache.write(entry, text === undefined ? undefined : { value: text, timestampMs });
    return { text, before: before?.value, timestampMs };
  }

  #next(
    before: StoredValue | undefined,
    record: StreamRecord,
    { key, input }: { key: string; input: number },
  ): string | undefined {
    const initializer = this.#initializer;
    const aggregator = this.#aggregators[input];
    const { value, timestampMs } = record;
    assert(aggregator !== undefined, `input ${input} has an aggregator`);
    if (before === undefined && initializer === undefined) {
      return value === null ? undefined : boundedState(record.payload.json("state"), "state");
    }
    // A fresh object each time: what the aggregator does with it in place ends here.
    const aggregate: unknown = before === undefined ? initializer?.() : JSON.parse(before.value);
    const after = aggregator(aggregate, value, key, timestampMs);
    return after === null ? undefined : stateText(after, "state");
  }
}
