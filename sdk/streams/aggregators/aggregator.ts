/**
 * How values come together, kept apart from where they come from: what `aggregate` of a grouped stream or table takes, alone
 * or several under names. The built-in ones are `count`, `sum`, `avg`, `min`, `max`, `variance`, `stddev`, `first`, `last`,
 * `earliest`, `latest`, `collect`, `topN`, `countDistinct`, `approxCountDistinct`, `quantile` and `quantiles`.
 *
 * All functions are pure but for one thing: a state they are given is theirs, to change in place if they like. A state is
 * kept as JSON text between any two calls, and is not null. The larger it is, the longer each record takes.
 *
 * @example
 * import { type Aggregator, pipeline } from "../sdk/streams/index.ts";
 *
 * interface Reading { readonly celsius: number }
 *
 * const span: Aggregator<Reading, [] | [lowest: number, highest: number], number | null> = {
 *   name: "span",
 *   initial: () => [],
 *   add: ([lowest = Infinity, highest = -Infinity], { celsius }) => [
 *     Math.min(lowest, celsius),
 *     Math.max(highest, celsius),
 *   ],
 *   merge: (a, b) => (a.length === 0 ? b : b.length === 0 ? a : [Math.min(a[0], b[0]), Math.max(a[1], b[1])]),
 *   result: ([lowest, highest]) => (lowest === undefined || highest === undefined ? null : highest - lowest),
 * };
 * pipeline("spans", ({ stream }) =>
 *   stream<Reading>("readings").groupByKey().aggregate(span, { store: "spans" }).to("spans"),
 * );
 */
export interface Aggregator<in Value, in out State, out Result> {
  /** What errors call it. */
  readonly name: string;
  /**
   * `add` changes no state in place: in a micro-batch it may be given the same object again. Not checked: if it is not so,
   * results are wrong. Absent: as `plain` says.
   */
  readonly immutable?: boolean | undefined;
  /**
   * And a state holds nothing but numbers, texts and booleans, in lists and objects of its own: in a micro-batch it need not
   * become JSON text after each record. Not checked either.
   */
  readonly plain?: boolean | undefined;
  /** The state of no values. */
  readonly initial: () => State;
  /** With one more value. `timestampMs` is the time of its record. */
  readonly add: (state: State, value: Value, timestampMs: number) => State;
  /** Without a value that was added: the state of the others. Absent where the state does not know enough for that. */
  readonly remove?: ((state: State, value: Value) => State) | undefined;
  /** Of the values of both; those of the first came first. */
  readonly merge: (first: State, second: State) => State;
  /** What is sent downstream and read over HTTP. Null goes downstream as a tombstone. Must not fail for any state. */
  readonly result: (state: State) => Result;
}

/** What an aggregator finds in a value; null and undefined are left out, as in SQL. */
export type Selector<Value, Item> = (value: Value) => Item | null | undefined;

/** An aggregator of items as one of values that hold them. */
export function selecting<Value, Item, State, Result>(
  of: Selector<Value, Item>,
  items: Aggregator<Item, State, Result>,
): Aggregator<Value, State, Result> {
  const { add, remove } = items;
  return {
    ...items,
    add: (state, value, timestampMs) => {
      const item = of(value);
      return item === null || item === undefined ? state : add(state, item, timestampMs);
    },
    remove:
      remove === undefined
        ? undefined
        : (state, value) => {
            const item = of(value);
            return item === null || item === undefined ? state : remove(state, item);
          },
  };
}

/** What a table's aggregate takes values back with. */
export function removerOf<Value, State>(
  aggregator: Aggregator<Value, State, unknown>,
): (state: State, value: Value) => State {
  if (aggregator.remove !== undefined) return aggregator.remove;
  throw new Error(
    `${aggregator.name} cannot take a row back, as an aggregate of a table has to when the row changes. Aggregate the table's changes, toStream().groupByKey(), if every value a row ever had is to count.`,
  );
}

/** A number that can be computed with; `name` is that of the aggregator. */
export function finite(name: string, value: number): number {
  if (Number.isFinite(value)) return value;
  const got = typeof value === "number" ? `${value}` : `${JSON.stringify(value)} (${typeof value})`;
  throw new TypeError(`${name} got ${got}. Give it a finite number, or null to leave the value out.`);
}
