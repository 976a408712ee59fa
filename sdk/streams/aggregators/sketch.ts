import { DDSketch } from "@datadog/sketches-js";
import { QUANTILE_DECADES } from "../../../schema/limits.ts";
import { Bucketing, type Buckets, countsIn } from "./buckets.ts";

/** The counts of a DDSketch; those of negative numbers by the key of their opposite. */
export type Counts = readonly [zeros: number, positive: Buckets, negative: Buckets];

/**
 * DDSketch (Masson, Rim, Lee: "DDSketch: A Fast and Fully-Mergeable Quantile Sketch with Relative-Error Guarantees", 2019).
 * The library says which bucket a number is in and where a quantile lies. The counts are kept and merged here: it has no
 * JSON form, and its own `merge` (2.1.1) loses negative numbers.
 */
export class Sketch {
  readonly #accuracy: number;
  readonly #mapping: DDSketch["mapping"];
  readonly #bucketing: Bucketing;

  /** `accuracy`: how far off a quantile may be, relative to the true one. */
  constructor(accuracy: number) {
    this.#accuracy = accuracy;
    this.#mapping = this.#empty().mapping;
    this.#bucketing = new Bucketing(Math.ceil((QUANTILE_DECADES * Math.LN10) / Math.log(this.#mapping.gamma)));
  }

  with(counts: Counts, value: number): Counts {
    return this.#changed(counts, value, { zeros: 1, change: (buckets, key) => this.#bucketing.with(buckets, key, 1) });
  }

  without(counts: Counts, value: number): Counts {
    return this.#changed(counts, value, { zeros: -1, change: (buckets, key) => this.#bucketing.without(buckets, key) });
  }

  merged(a: Counts, b: Counts): Counts {
    return [a[0] + b[0], this.#bucketing.bothOf(a[1], b[1]), this.#bucketing.bothOf(a[2], b[2])];
  }

  /** Null of nothing. */
  quantiles([zeros, positive, negative]: Counts, qs: readonly number[]): (number | null)[] {
    const sketch = this.#empty();
    for (const [key, count] of countsIn(positive)) sketch.store.add(key, count);
    for (const [key, count] of countsIn(negative)) sketch.negativeStore.add(key, count);
    sketch.zeroCount = zeros;
    sketch.count = zeros + sketch.store.count + sketch.negativeStore.count;
    return qs.map((q) => (sketch.count === 0 ? null : sketch.getValueAtQuantile(q)));
  }

  #changed(
    [zeros, positive, negative]: Counts,
    value: number,
    by: { readonly zeros: number; readonly change: (buckets: Buckets, key: number) => Buckets },
  ): Counts {
    const { minPossible, maxPossible } = this.#mapping;
    const size = Math.abs(value);
    if (size > maxPossible) throw new RangeError(`a quantile of ${value} cannot be: numbers end at ${maxPossible}`);
    if (size <= minPossible) return [zeros + by.zeros, positive, negative];
    const key = this.#mapping.key(size);
    return value > 0 ? [zeros, by.change(positive, key), negative] : [zeros, positive, by.change(negative, key)];
  }

  #empty(): DDSketch {
    return new DDSketch({ relativeAccuracy: this.#accuracy });
  }
}
