import { DEFAULT_DISTINCT_PRECISION, MAX_DISTINCT_PRECISION, MIN_DISTINCT_PRECISION } from "../../../schema/limits.ts";
import { type Aggregator, selecting, type Selector } from "./aggregator.ts";
import { hash48 } from "./hash48.ts";
import { type HashSet, sizeOf, union, withHash } from "./hyper-log-log.ts";
import { identityOf, type Scalar } from "./identity.ts";

/**
 * About how many different items, texts, numbers and booleans, as `countDistinct` tells them apart. Below 2^precision / 8
 * of them it is exact; from there on a HyperLogLog of 2^precision characters with a standard error of
 * 1.04 / sqrt(2^precision). `precision` is 12 unless told (exact to 511, then 1.6 % off, 4 kB), from 10 to 16. Items cannot
 * be taken back.
 *
 * @example
 * import { approxCountDistinct, pipeline } from "../sdk/streams/index.ts";
 *
 * pipeline("visitors", ({ stream }) =>
 *   stream<{ visitor: string }>("visits")
 *     .groupByKey()
 *     .aggregate({ visitors: approxCountDistinct((visit) => visit.visitor) }, { store: "visitors" })
 *     .to("visitors"),
 * );
 */
export function approxCountDistinct<Value>(
  of: Selector<Value, Scalar>,
  { precision = DEFAULT_DISTINCT_PRECISION }: { readonly precision?: number } = {},
): Aggregator<Value, HashSet, number> {
  if (!Number.isSafeInteger(precision) || precision < MIN_DISTINCT_PRECISION || precision > MAX_DISTINCT_PRECISION) {
    throw new Error(
      `A precision of ${precision} cannot be. Use ${MIN_DISTINCT_PRECISION} to ${MAX_DISTINCT_PRECISION}: one more halves the variance and doubles the state.`,
    );
  }
  return selecting(of, {
    name: "approxCountDistinct",
    initial: (): HashSet => "",
    add: (set, item: Scalar) => withHash(set, hash48(identityOf("approxCountDistinct", item)), precision),
    merge: (a, b) => union(a, b, precision),
    result: (set) => sizeOf(set, precision),
  });
}
