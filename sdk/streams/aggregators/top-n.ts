import { MAX_TOP_N } from "../../../schema/limits.ts";
import type { Aggregator, Selector } from "./aggregator.ts";
import { type Comparable, comparable } from "./order.ts";

type State<Item> = readonly (readonly [by: Comparable, item: Item])[];

/**
 * The n values with the greatest `by`, the greatest first, of equals the one that arrived first; fewer while there are fewer.
 * `by` gives numbers or texts, not both; a value for which it is null is left out. `n` is at most 1,000: all of them are read
 * and written for each record, so give `pick` where a part of the value will do.
 *
 * @example
 * import { pipeline, topN } from "../sdk/streams/index.ts";
 *
 * pipeline("best-bids", ({ stream }) =>
 *   stream<{ bidder: string; price: number; comment: string }>("bids")
 *     .groupByKey()
 *     .aggregate(topN(10, (bid) => bid.price, ({ bidder, price }) => ({ bidder, price })), { store: "best-bids" })
 *     .to("best-bids"),
 * );
 */
export function topN<Value>(
  n: number,
  by: Selector<Value, Comparable>,
): Aggregator<Value, State<Value>, readonly Value[]>;
export function topN<Value, Item>(
  n: number,
  by: Selector<Value, Comparable>,
  pick: (value: Value) => Item,
): Aggregator<Value, State<Item>, readonly Item[]>;
export function topN<Value>(
  n: number,
  by: Selector<Value, Comparable>,
  pick: (value: Value) => unknown = (value) => value,
): Aggregator<Value, State<unknown>, readonly unknown[]> {
  if (!Number.isSafeInteger(n) || n < 1 || n > MAX_TOP_N)
    throw new Error(`topN cannot keep ${n} values. Use 1 to ${MAX_TOP_N}.`);
  const placed = (state: State<unknown>, rank: Comparable, item: () => unknown): State<unknown> => {
    const at = placeOf(state, comparable("topN", rank, state[0]?.[0]));
    return at === n ? state : state.toSpliced(at, 0, [rank, item()]).slice(0, n);
  };
  return {
    name: "topN",
    immutable: true,
    initial: () => [],
    add: (state, value) => {
      const rank = by(value);
      return rank === null || rank === undefined ? state : placed(state, rank, () => pick(value));
    },
    merge: (a, b) => b.reduce((all, [rank, item]) => placed(all, rank, () => item), a),
    result: (state) => state.map(([, item]) => item),
  };
}

/** Behind all that are not less. */
function placeOf(state: State<unknown>, rank: Comparable): number {
  const at = state.findIndex(([other]) => other < rank);
  return at < 0 ? state.length : at;
}
