import { type ExactSum, partsIn, plus, plusAll, product, rounded, withTerm } from "./exact-sum.ts";

/** How many numbers, their exact sum, and the exact sum of their squares. */
export type Moments = readonly [count: number, sum: ExactSum, squares: ExactSum];

/** Larger ones, counted and squared, would leave the range of a double. */
const LARGEST = 1e100;

export const NONE: Moments = [0, 0, 0];

export function withNumber([count, sum, squares]: Moments, value: number, name: string): Moments {
  return [count + 1, plus(sum, value), product(value, bounded(value, name)).reduce(plus, squares)];
}

export function withoutNumber([count, sum, squares]: Moments, value: number, name: string): Moments {
  const [high, low] = product(value, bounded(value, name));
  return [count - 1, plus(sum, -value), plus(plus(squares, -high), -low)];
}

export function together(a: Moments, b: Moments): Moments {
  return [a[0] + b[0], plusAll(a[1], b[1]), plusAll(a[2], b[2])];
}

/**
 * `(n Σx² − (Σx)²) / (n (n − freedom))`. The numerator is exact before it is rounded: the textbook formula without its
 * cancellation. Null for n <= freedom.
 */
export function spread([count, sum, squares]: Moments, freedom: 0 | 1): number | null {
  if (count <= freedom) return null;
  let terms: number[] = [];
  const add = (a: number, b: number): void => {
    for (const term of product(a, b)) terms = withTerm(terms, term);
  };
  for (const square of partsIn(squares)) add(count, square);
  for (const a of partsIn(sum)) for (const b of partsIn(sum)) add(-a, b);
  return Math.max(0, rounded(terms)) / (count * (count - freedom));
}

function bounded(value: number, name: string): number {
  if (Math.abs(value) <= LARGEST) return value;
  throw new RangeError(`${name} got ${value}. It takes numbers from -${LARGEST} to ${LARGEST}.`);
}
