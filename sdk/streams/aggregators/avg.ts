import { type Aggregator, finite, selecting, type Selector } from "./aggregator.ts";
import { type ExactSum, plus, plusAll, total } from "./exact-sum.ts";

type State = readonly [count: number, sum: ExactSum];

/**
 * The arithmetic mean of the numbers, null of none: the exact sum, rounded, divided by their count. Numbers can be taken
 * back.
 *
 * @example
 * import { avg, pipeline } from "../sdk/streams/index.ts";
 *
 * pipeline("mean-prices", ({ stream }) =>
 *   stream<{ price: number }>("bids")
 *     .groupByKey()
 *     .aggregate({ mean: avg((bid) => bid.price) }, { store: "mean-prices" })
 *     .to("mean-prices"),
 * );
 */
export function avg<Value>(of: Selector<Value, number>): Aggregator<Value, State, number | null> {
  return selecting(of, {
    name: "avg",
    plain: true,
    initial: (): State => [0, 0],
    add: ([count, sum], value: number): State => [count + 1, plus(sum, finite("avg", value))],
    remove: ([count, sum], value): State => [count - 1, plus(sum, -finite("avg", value))],
    merge: (a, b): State => [a[0] + b[0], plusAll(a[1], b[1])],
    result: ([count, sum]) => (count === 0 ? null : total(sum) / count),
  });
}
