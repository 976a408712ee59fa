import fc from "fast-check";
import { expect, test } from "vitest";
import { type ExactSum, partsIn, plus, plusAll, product, total } from "./exact-sum.ts";
import { nearest, UNIT, unitsOf } from "./test/exact.ts";

const doubles = fc.array(
  fc
    .oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e307, max: 1e307 }),
      fc.double({ noNaN: true, min: -1, max: 1 }),
      // Rounding at the edge: half a unit of the last place, and a little more or less than it.
      fc.constantFrom(1, 2 ** -53, -(2 ** -53), 2 ** -54, 2 ** -106, -(2 ** -106), 5e-324, -5e-324, 1 + 2 ** -52),
    )
    .map((value) => (value === 0 ? 0 : value)),
  { maxLength: 10 },
);
const sumOf = (values: readonly number[]): ExactSum => values.reduce(plus, 0 as ExactSum);
const unitsIn = (values: readonly number[]): bigint => values.reduce((units, value) => units + unitsOf(value), 0n);

test("a sum is the exact one: its parts add up to it, and each is the nearest double to what is left [AGG-19]", () => {
  fc.assert(
    fc.property(doubles, (values) => {
      const sum = sumOf(values);
      let left = unitsIn(values);
      for (const part of partsIn(sum)) {
        expect(part).toBe(nearest(left, UNIT));
        left -= unitsOf(part);
      }
      expect(left).toBe(0n);
      expect(total(sum)).toBe(nearest(unitsIn(values), UNIT));
    }),
    { numRuns: 2_000 },
  );
});

test("sums come together as the sum of all [AGG-19]", () => {
  fc.assert(
    fc.property(doubles, doubles, (a, b) => {
      expect(plusAll(sumOf(a), sumOf(b))).toEqual(sumOf([...a, ...b]));
    }),
  );
});

test("what adding in turn would lose is kept [AGG-19]", () => {
  expect([0.1, 0.2, 0.3].reduce((a, b) => a + b)).toBe(0.6000000000000001);
  expect(sumOf([0.1, 0.2, 0.3])).toEqual([0.6, expect.any(Number)]);
  expect(sumOf([1e100, 1, -1e100])).toBe(1);
  expect(sumOf([2 ** 53, 1, 1])).toBe(2 ** 53 + 2);
  expect(sumOf(Array.from({ length: 10_000 }, () => 0.1))).toEqual([1000, expect.any(Number)]);
});

test("a sum beyond the largest double is an error [AGG-19]", () => {
  expect(() => sumOf([1.7e308, 1.7e308])).toThrow("a sum went beyond 1.7976931348623157e+308");
  expect(() => sumOf([1.7e308, 1e-300, 1.7e308])).toThrow(RangeError);
});

test("a product is exact in its two terms [AGG-20]", () => {
  const factor = fc.double({ noNaN: true, min: -1e100, max: 1e100 }).filter((value) => Math.abs(value) > 1e-100);
  fc.assert(
    fc.property(factor, factor, (a, b) => {
      const [high, low] = product(a, b);
      expect(high).toBe(a * b);
      expect((unitsOf(high) + unitsOf(low)) << BigInt(-UNIT)).toBe(unitsOf(a) * unitsOf(b));
    }),
  );
});
