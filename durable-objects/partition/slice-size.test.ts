import fc from "fast-check";
import { expect, test } from "vitest";
import { nextSliceRecords } from "./slice-size.ts";

const MOST = 20_000;

/** Records of one slice after another, of a log that never ends, where a slice costs `fixedMs` and each record `recordMs`. */
function slices(first: number, { fixedMs, recordMs }: { fixedMs: number; recordMs: number }, count: number): number[] {
  const sizes = [first];
  for (let allowed = first; sizes.length < count; sizes.push(allowed))
    allowed = nextSliceRecords(allowed, { records: allowed, durationMs: fixedMs + recordMs * allowed }, MOST);
  return sizes;
}

test("slices grow until one takes about 150 ms, and shrink until none takes more than 200 [ENG-32]", () => {
  expect(slices(500, { fixedMs: 2, recordMs: 0.02 }, 6)).toEqual([500, 2000, 7142, 7396, 7399, 7399]);
  expect(slices(20_000, { fixedMs: 2, recordMs: 0.1 }, 6)).toEqual([20_000, 10_000, 5000, 2500, 1488, 1488]);
});

test("wherever slices begin, they come to a size that takes no more than 200 ms, or to the least [ENG-32]", () => {
  const costs = fc.record({ fixedMs: fc.nat(30), recordMs: fc.double({ min: 0.001, max: 5, noNaN: true }) });
  fc.assert(
    fc.property(fc.integer({ min: 100, max: MOST }), costs, (first, cost) => {
      const last = slices(first, cost, 30).at(-1) ?? 0;
      const durationMs = cost.fixedMs + cost.recordMs * last;
      expect(durationMs <= 200 || last === 100).toBe(true);
      expect(durationMs >= 140 || last === MOST).toBe(true);
    }),
  );
});

test("a slice that was not full lets the next one be as large, and one record that took long makes it half [ENG-32]", () => {
  expect(nextSliceRecords(500, { records: 3, durationMs: 1 }, MOST)).toBe(500);
  expect(nextSliceRecords(500, { records: 1, durationMs: 900 }, MOST)).toBe(250);
  expect(nextSliceRecords(120, { records: 1, durationMs: 900 }, MOST)).toBe(100);
  expect(nextSliceRecords(500, { records: 500, durationMs: 0 }, MOST)).toBe(2000);
});
