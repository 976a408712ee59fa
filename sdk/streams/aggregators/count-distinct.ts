import { MAX_DISTINCT, MAX_DISTINCT_LIMIT } from "../../../schema/limits.ts";
import { type Aggregator, selecting, type Selector } from "./aggregator.ts";
import { identityOf, type Scalar } from "./identity.ts";

/** How many there are of each. */
type State = { [identity: string]: number };

/**
 * How many different items, exactly: texts, numbers (1 and 1.0 are one) and booleans; `1` and `"1"` are two. Items can be
 * taken back. It holds at most `limit`, 1,000 unless told and at most 10,000, and one more is an error of its record: all of
 * them are read and written for each record, so count many with `approxCountDistinct`.
 *
 * @example
 * import { countDistinct, pipeline } from "../sdk/streams/index.ts";
 *
 * pipeline("bidders", ({ stream }) =>
 *   stream<{ bidder: string }>("bids")
 *     .groupByKey()
 *     .aggregate({ bidders: countDistinct((bid) => bid.bidder) }, { store: "bidders" })
 *     .to("bidders"),
 * );
 */
export function countDistinct<Value>(
  of: Selector<Value, Scalar>,
  { limit = MAX_DISTINCT }: { readonly limit?: number } = {},
): Aggregator<Value, State, number> {
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > MAX_DISTINCT_LIMIT) {
    throw new Error(
      `countDistinct cannot hold ${limit} items. Use a limit of 1 to ${MAX_DISTINCT_LIMIT}, or approxCountDistinct.`,
    );
  }
  const change = (state: State, identity: string, by: number): State => {
    const next = (state[identity] ?? 0) + by;
    if (next > 0) state[identity] = next;
    else delete state[identity];
    return state;
  };
  const bounded = (state: State): State => {
    if (Object.keys(state).length <= limit) return state;
    throw new RangeError(
      `countDistinct holds ${limit} different items. Raise its limit, up to ${MAX_DISTINCT_LIMIT}, or count with approxCountDistinct.`,
    );
  };
  return selecting(of, {
    name: "countDistinct",
    initial: (): State => ({}),
    add: (state, item: Scalar) => bounded(change(state, identityOf("countDistinct", item), 1)),
    remove: (state, item) => change(state, identityOf("countDistinct", item), -1),
    merge: (a, b) => bounded(Object.entries(b).reduce((all, [identity, count]) => change(all, identity, count), a)),
    result: (state) => Object.keys(state).length,
  });
}
