import { type Aggregator, finite, selecting, type Selector } from "./aggregator.ts";
import { type ExactSum, plus, plusAll, total } from "./exact-sum.ts";

/**
 * The sum of the numbers, 0 of none. It is the exact sum, rounded once: `[0.1, 0.2, 0.3]` gives 0.6, in any order, and
 * `[1e100, 1, -1e100]` gives 1. The state is a number, or a few where one does not hold the sum; numbers can be taken back.
 *
 * @example
 * import { pipeline, sum } from "../sdk/streams/index.ts";
 *
 * pipeline("revenue", ({ stream }) =>
 *   stream<{ price: number }>("bids")
 *     .groupByKey()
 *     .aggregate(sum((bid) => bid.price), { store: "revenue" })
 *     .to("revenue"),
 * );
 */
export function sum<Value>(of: Selector<Value, number>): Aggregator<Value, ExactSum, number> {
  return selecting(of, {
    name: "sum",
    plain: true,
    initial: (): ExactSum => 0,
    add: (state, value: number) => plus(state, finite("sum", value)),
    remove: (state, value) => plus(state, -finite("sum", value)),
    merge: plusAll,
    result: total,
  });
}
