import { type Aggregator, finite, selecting, type Selector } from "./aggregator.ts";
import { type Moments, NONE, spread, together, withNumber, withoutNumber } from "./moments.ts";

/** `population`: of these numbers, divided by n. Otherwise an estimate from a sample, divided by n - 1 (SQL's VAR_SAMP). */
interface VarianceOptions {
  readonly population?: boolean;
}

/**
 * The variance of the numbers: of a sample, null of fewer than two, or with `{ population: true }` of all there are, null of
 * none. It is computed from exact sums, so numbers far from zero lose nothing, order does not matter and numbers can be
 * taken back. Numbers are between -1e100 and 1e100.
 *
 * @example
 * import { pipeline, variance } from "../sdk/streams/index.ts";
 *
 * pipeline("price-variances", ({ stream }) =>
 *   stream<{ price: number }>("bids")
 *     .groupByKey()
 *     .aggregate({ variance: variance((bid) => bid.price) }, { store: "price-variances" })
 *     .to("price-variances"),
 * );
 */
export function variance<Value>(
  of: Selector<Value, number>,
  options: VarianceOptions = {},
): Aggregator<Value, Moments, number | null> {
  return moments("variance", of, (state) => spread(state, freedomOf(options)));
}

/**
 * The standard deviation of the numbers, the root of their `variance`: of a sample, or with `{ population: true }` of all
 * there are.
 *
 * @example
 * import { avg, pipeline, stddev } from "../sdk/streams/index.ts";
 *
 * pipeline("delays", ({ stream }) =>
 *   stream<{ delay: number }>("flights")
 *     .groupByKey()
 *     .aggregate({ mean: avg((flight) => flight.delay), deviation: stddev((flight) => flight.delay) }, { store: "delays" })
 *     .to("delays"),
 * );
 */
export function stddev<Value>(
  of: Selector<Value, number>,
  options: VarianceOptions = {},
): Aggregator<Value, Moments, number | null> {
  return moments("stddev", of, (state) => {
    const variance = spread(state, freedomOf(options));
    return variance === null ? null : Math.sqrt(variance);
  });
}

function freedomOf({ population = false }: VarianceOptions): 0 | 1 {
  return population ? 0 : 1;
}

function moments<Value>(
  name: string,
  of: Selector<Value, number>,
  result: (state: Moments) => number | null,
): Aggregator<Value, Moments, number | null> {
  return selecting(of, {
    name,
    plain: true,
    initial: () => NONE,
    add: (state, value: number) => withNumber(state, finite(name, value), name),
    remove: (state, value) => withoutNumber(state, finite(name, value), name),
    merge: together,
    result,
  });
}
