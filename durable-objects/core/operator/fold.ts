import type { AggregateNode } from "../../../schema/plan.ts";
import { assert } from "../assert.ts";
import { isPlain } from "../store/plain-state.ts";
import { boundedState, stateText } from "../store/state-value.ts";
import type { StateEntry, StoreCache } from "../store/store-cache.ts";
import type { StreamRecord } from "./stream-record.ts";

export interface Folded {
  /** The state now and as it was; `undefined` says that there is none. */
  readonly text: string | undefined;
  readonly before: string | undefined;
  readonly timestampMs: number;
}

/** A state as JSON text, of which each record gets a value of its own. */
export class StateText {
  readonly text: string;
  #value: unknown;

  constructor(text: string) {
    this.text = text;
  }

  /** The same each time, for those that do not change it. */
  get value(): unknown {
    return (this.#value ??= JSON.parse(this.text) as unknown);
  }
}

/** A state between two records of a micro-batch: none, its text, or the value itself where nobody changes it in place. A text of JSON is never held as a string: `heldText`. */
export type HeldState = unknown;

/** What is folded into which state. */
export interface FoldAt {
  readonly key: string;
  /** Of the node, where it has several. */
  readonly input: number;
}

/** Folds records into states. User code throws out of it; states are JSON texts, `undefined` says that there is none. */
export class Fold {
  readonly #initializer: AggregateNode["initializer"];
  readonly #merger: AggregateNode["merger"];
  /** By input of the node. */
  readonly #aggregators: readonly AggregateNode["aggregator"][];
  readonly #cache: StoreCache;
  readonly #plain: boolean;
  readonly #immutable: boolean;
  readonly #readsValues: boolean;

  constructor(
    { initializer, merger, aggregator, others = [], plain = false, immutable = plain, counts = false }: AggregateNode,
    cache: StoreCache,
  ) {
    this.#initializer = initializer;
    this.#merger = merger;
    this.#aggregators = [aggregator, ...others];
    this.#cache = cache;
    this.#plain = plain;
    this.#immutable = immutable;
    this.#readsValues = !counts;
  }

  /** Result time is the largest record time folded in. The aggregator removes the state with null. */
  apply(entry: StateEntry, record: StreamRecord, input = 0): Folded {
    const before = entry.value;
    const timestampMs = before === undefined ? record.timestampMs : Math.max(before.timestampMs, record.timestampMs);
    const text = this.add(before?.value, record, { key: entry.key, input });
    this.#cache.write(entry, text === undefined ? undefined : { value: text, timestampMs });
    return { text, before: before?.value, timestampMs };
  }

  /** The state with one more record. */
  add(before: string | undefined, record: StreamRecord, at: FoldAt): string | undefined {
    if (before === undefined && this.#initializer === undefined) return firstState(record);
    // A fresh object each time: what the aggregator does with it in place ends here.
    const aggregate: unknown = before === undefined ? this.#initializer?.() : JSON.parse(before);
    return this.#with(aggregate, record, at);
  }

  /** As `add`, but no text is made of a state that can wait for it (AGG-27). */
  hold(before: HeldState, record: StreamRecord, at: FoldAt): HeldState {
    const initializer = this.#initializer;
    if (before === undefined && initializer === undefined) return heldText(firstState(record));
    let aggregate = before;
    if (before === undefined) aggregate = initializer?.();
    else if (before instanceof StateText) aggregate = this.#immutable ? before.value : JSON.parse(before.text);
    const after = this.#aggregated(aggregate, record, at);
    if (after === null) return undefined;
    // Itself, and so its text: nobody has changed it.
    if (after === aggregate && this.#immutable && before !== undefined) return before;
    const waits = (this.#plain || typeof after !== "object") && isPlain(after);
    return waits ? after : new StateText(stateText(after, "state"));
  }

  /** One state of several, in the order given, and one more record. Kafka merges all into the initializer's value. */
  merge(states: readonly string[], record: StreamRecord, at: FoldAt): string | undefined {
    const initializer = this.#initializer;
    if (states.length === 0 && initializer === undefined) return firstState(record);
    let aggregate = initializer?.();
    for (const [index, state] of states.entries()) {
      const later: unknown = JSON.parse(state);
      aggregate = index === 0 && initializer === undefined ? later : this.#merger?.(aggregate, later, at.key);
    }
    return this.#with(aggregate, record, at);
  }

  #with(aggregate: unknown, record: StreamRecord, at: FoldAt): string | undefined {
    const after = this.#aggregated(aggregate, record, at);
    return after === null ? undefined : stateText(after, "state");
  }

  #aggregated(aggregate: unknown, record: StreamRecord, { key, input }: FoldAt): unknown {
    const aggregator = this.#aggregators[input];
    assert(aggregator !== undefined, `input ${input} has an aggregator`);
    if (this.#readsValues) return aggregator(aggregate, record.value, key, record.timestampMs);
    // One that cannot be read is an error of the record all the same.
    record.payload.check();
    return aggregator(aggregate, undefined, key, record.timestampMs);
  }
}

export function heldText(text: string | undefined): HeldState {
  return text === undefined ? undefined : new StateText(text);
}

/** Never fails: what has waited is plain. */
export function textOf(state: HeldState): string | undefined {
  if (state === undefined) return undefined;
  return state instanceof StateText ? state.text : stateText(state, "state");
}

/** Without an initializer the first value is the state, as the text it came as. */
function firstState(record: StreamRecord): string | undefined {
  return record.value === null ? undefined : boundedState(record.payload.json("state"), "state");
}
