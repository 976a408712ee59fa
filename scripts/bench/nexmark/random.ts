import { seededRandom } from "../../test/seeded-random.ts";

const TEXT_LENGTH = 1 << 16;
const LETTERS = "abcdefghijklmnopqrstuvwxyz";

/** Draws of a seeded sequence. */
export class Random {
  /** Of `[0, 1)`. */
  readonly next: () => number;
  readonly #text: string;

  constructor(seed: number) {
    this.next = seededRandom(seed);
    this.#text = Array.from({ length: TEXT_LENGTH }, () => this.of(LETTERS)).join("");
  }

  /** A whole number of `[0, end)`. */
  below(end: number): number {
    return Math.floor(this.next() * end);
  }

  of<Each>(list: ArrayLike<Each>): Each {
    return list[this.below(list.length)] as Each;
  }

  /** Letters: a piece of a text drawn before, as a draw for each letter would take most of the time. */
  letters(length: number): string {
    const start = this.below(TEXT_LENGTH - length);
    return this.#text.slice(start, start + length);
  }
}
