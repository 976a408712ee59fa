import type { Aggregator } from "../aggregator.ts";
import type { AnyState } from "../combined.ts";

/** A value with the time of its record. */
export interface Timed<Item> {
  readonly item: Item;
  readonly timestampMs: number;
}

export type Subject<Item> = Aggregator<Timed<Item>, AnyState, unknown>;

/** A state as it is kept between two steps. */
export function kept(state: unknown): AnyState {
  return JSON.parse(JSON.stringify(state));
}

/** The state of values, kept between each two. */
export function folded<Item>(subject: Subject<Item>, values: readonly Timed<Item>[]): AnyState {
  return values.reduce(
    (state, value) => kept(subject.add(state, value, value.timestampMs)),
    kept(subject.initial()) as unknown,
  );
}
