import { DEFAULT_QUANTILE_ACCURACY, MAX_QUANTILE_ACCURACY, MIN_QUANTILE_ACCURACY } from "../../../schema/limits.ts";
import { type Aggregator, finite, selecting, type Selector } from "./aggregator.ts";
import { type Counts, Sketch } from "./sketch.ts";

interface QuantileOptions {
  /** How far off a result may be, relative to the true one: 0.01 unless told, from 0.001 to 0.5. */
  readonly accuracy?: number;
}

/**
 * About the number below which the share q, from 0 to 1, of all numbers lies: of n numbers in order the one at
 * floor(q (n - 1)), counted from 0, give or take `accuracy` of itself; null of none. So `quantile(0.5, …)` is the median and
 * `quantile(0.99, …)` the 99th percentile.
 *
 * The sketch is a DDSketch: counts of numbers by the power of (1 + accuracy) / (1 - accuracy) that they lie below. At 1 % a
 * state has up to 115 counts for each factor of 10 between its numbers. Numbers are told apart down to 1e-30 of the
 * greatest; what is nearer to 0 counts as that. Order does not matter, and numbers can be taken back.
 *
 * @example
 * import { pipeline, quantile, tumbling } from "../sdk/streams/index.ts";
 *
 * pipeline("latencies", ({ stream }) =>
 *   stream<{ latencyMs: number }>("requests")
 *     .groupByKey()
 *     .windowedBy(tumbling({ size: "1 minute", grace: "5 seconds" }))
 *     .aggregate({ p99: quantile(0.99, (request) => request.latencyMs) }, { store: "latencies" })
 *     .to("latencies"),
 * );
 */
export function quantile<Value>(
  q: number,
  of: Selector<Value, number>,
  options: QuantileOptions = {},
): Aggregator<Value, Counts, number | null> {
  const many = quantiles([q], of, options);
  return { ...many, name: "quantile", result: (state) => many.result(state)[0] ?? null };
}

/**
 * Several quantiles of the same numbers from one sketch, in the order asked for. See `quantile`.
 *
 * @example
 * import { pipeline, quantiles } from "../sdk/streams/index.ts";
 *
 * pipeline("price-quartiles", ({ stream }) =>
 *   stream<{ price: number }>("bids")
 *     .groupByKey()
 *     .aggregate(quantiles([0.25, 0.5, 0.75], (bid) => bid.price), { store: "price-quartiles" })
 *     .to("price-quartiles"),
 * );
 */
export function quantiles<Value>(
  qs: readonly number[],
  of: Selector<Value, number>,
  { accuracy = DEFAULT_QUANTILE_ACCURACY }: QuantileOptions = {},
): Aggregator<Value, Counts, readonly (number | null)[]> {
  check(qs, accuracy);
  const sketch = new Sketch(accuracy);
  return selecting(of, {
    name: "quantiles",
    initial: (): Counts => [0, [], []],
    add: (counts, value: number) => sketch.with(counts, finite("quantiles", value)),
    remove: (counts, value) => sketch.without(counts, finite("quantiles", value)),
    merge: (a, b) => sketch.merged(a, b),
    result: (counts) => sketch.quantiles(counts, qs),
  });
}

function check(qs: readonly number[], accuracy: number): void {
  const wrong = qs.find((q) => !(q >= 0 && q <= 1));
  if (wrong !== undefined) throw new Error(`There is no quantile ${wrong}. Use 0 to 1: 0.99 for the 99th percentile.`);
  if (accuracy >= MIN_QUANTILE_ACCURACY && accuracy <= MAX_QUANTILE_ACCURACY) return;
  throw new Error(
    `An accuracy of ${accuracy} cannot be. Use ${MIN_QUANTILE_ACCURACY} to ${MAX_QUANTILE_ACCURACY}: 0.01 is 1 %.`,
  );
}
