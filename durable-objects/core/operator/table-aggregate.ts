import type { TableAggregateNode } from "../../../schema/plan.ts";
import { boundedState, stateText } from "../store/state-value.ts";
import type { CachedStore } from "../store/store-cache.ts";
import type { Operator, Output, Runtime } from "./operator.ts";
import { TOMBSTONE } from "./payload.ts";
import { storeKey } from "./record-key.ts";
import { shownBy } from "./result-payload.ts";
import type { StreamRecord } from "./stream-record.ts";
import { rowKey } from "./table-row.ts";
import { Updates } from "./updates.ts";

/**
 * One state per group: what a row was is taken out, what it is comes in, and there is one update for both (KTableAggregate,
 * KTableReduce). Nothing is taken out of a group that has no state.
 */
export class TableAggregate implements Operator {
  readonly name: string;
  readonly #node: TableAggregateNode;
  readonly #store: CachedStore;
  readonly #runtime: Runtime;
  readonly #updates: Updates;

  constructor(parts: { node: TableAggregateNode; store: CachedStore }, runtime: Runtime, output: Output) {
    this.name = parts.node.name;
    this.#node = parts.node;
    this.#store = parts.store;
    this.#runtime = runtime;
    this.#updates = new Updates(runtime, output, shownBy(parts.node, runtime.trace));
  }

  process(record: StreamRecord): void {
    const { cache } = this.#runtime;
    const key = storeKey(rowKey(record), this.name);
    const entry = cache.entry(this.#store, key);
    const before = entry.value;
    const timestampMs = Math.max(before?.timestampMs ?? -Infinity, record.timestampMs);
    const text = this.#added(this.#subtracted(before?.value, key, record), key, record);
    cache.write(entry, text === undefined ? undefined : { value: text, timestampMs });
    this.#updates.emit(key, { text, before: before?.value, timestampMs }, record);
  }

  endBatch(): void {
    this.#updates.endBatch();
  }

  #subtracted(text: string | undefined, key: string, { before = TOMBSTONE }: StreamRecord): string | undefined {
    const old = before.value();
    if (text === undefined || old === null) return text;
    return textOf(this.#node.subtractor(JSON.parse(text), old, key));
  }

  #added(text: string | undefined, key: string, { value, payload, timestampMs }: StreamRecord): string | undefined {
    if (value === null) return text;
    const { initializer, adder } = this.#node;
    if (text === undefined && initializer === undefined) return boundedState(payload.json("state"), "state");
    return textOf(adder(text === undefined ? initializer?.() : JSON.parse(text), value, key, timestampMs));
  }
}

function textOf(state: unknown): string | undefined {
  return state === null ? undefined : stateText(state, "state");
}
