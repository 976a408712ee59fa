/**
 * Streams of random numbers by name, all from one seed: a number more from one of them changes no other. So a run from which
 * something was taken out goes on much as it did, which is what shrinking lives on.
 */
export class Randomness {
  readonly #seed: number;
  readonly #streams = new Map<string, Dice>();

  constructor(seed: number) {
    this.#seed = seed;
  }

  of(name: string): Dice {
    let stream = this.#streams.get(name);
    if (stream === undefined) this.#streams.set(name, (stream = new Dice(hashOf(`${this.#seed} ${name}`))));
    return stream;
  }
}

/** One stream: Mulberry32. */
export class Dice {
  #state: number;
  /** Numbers given so far. */
  count = 0;

  constructor(state: number) {
    this.#state = state;
  }

  /** In `[0, 1)`. */
  next(): number {
    this.count++;
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number, both bounds included. */
  between(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<Item>(items: readonly [Item, ...Item[]]): Item {
    return items[this.between(0, items.length - 1)] as Item;
  }

  /** So many of them, in their order. */
  some<Item>(items: readonly Item[], count: number): Item[] {
    const left = items.map((_, index) => index);
    const chosen = Array.from({ length: Math.min(count, items.length) }, () => {
      return left.splice(this.between(0, left.length - 1), 1)[0] as number;
    });
    return chosen.toSorted((a, b) => a - b).map((index) => items[index] as Item);
  }
}

/** FNV-1a of 32 bits, its bits mixed once more: names that differ little give streams that differ wholly. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
