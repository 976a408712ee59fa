/** Counts by key: key, count, key, count … by ascending key. */
export type Buckets = readonly number[];

/**
 * Only `most` keys up to the greatest are told apart, what lies below counts as the lowest of them, as in a collapsing
 * DDSketch: so what is kept is a function of all that was counted, whatever the order.
 */
export class Bucketing {
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  with(buckets: Buckets, given: number, count: number): Buckets {
    const key = Math.max(given, this.#lowestUnder(buckets.at(-2) ?? given));
    const at = placeOf(buckets, key);
    if (buckets[at] === key) return buckets.with(at + 1, (buckets[at + 1] ?? 0) + count);
    return this.#collapsed(buckets.toSpliced(at, 0, key, count));
  }

  /** One less of a key that was counted. */
  without(buckets: Buckets, key: number): Buckets {
    const found = placeOf(buckets, key);
    // Counted as the lowest while there was a greater key.
    const at = buckets[found] === key ? found : 0;
    const count = (buckets[at + 1] ?? 0) - 1;
    return count > 0 ? buckets.with(at + 1, count) : buckets.toSpliced(at, 2);
  }

  bothOf(a: Buckets, b: Buckets): Buckets {
    let both = a;
    for (const [key, count] of countsIn(b)) both = this.with(both, key, count);
    return both;
  }

  #collapsed(buckets: Buckets): Buckets {
    const lowest = this.#lowestUnder(buckets.at(-2) ?? 0);
    const kept = placeOf(buckets, lowest);
    if (kept === 0) return buckets;
    let below = 0;
    for (const [, count] of countsIn(buckets.slice(0, kept))) below += count;
    return this.with(buckets.slice(kept), lowest, below);
  }

  #lowestUnder(greatest: number): number {
    return greatest - this.#most + 1;
  }
}

export function* countsIn(buckets: Buckets): Generator<readonly [key: number, count: number]> {
  for (let at = 0; at < buckets.length; at += 2) yield [buckets[at] ?? 0, buckets[at + 1] ?? 0];
}

/** Of the first key that is not less. */
function placeOf(buckets: Buckets, key: number): number {
  let low = 0;
  let high = buckets.length / 2;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((buckets[middle * 2] ?? 0) < key) low = middle + 1;
    else high = middle;
  }
  return low * 2;
}
