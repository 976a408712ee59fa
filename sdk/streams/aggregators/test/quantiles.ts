import { expect } from "vitest";
import type { Timed } from "./folded.ts";

export const QS = [0, 0.01, 0.25, 0.5, 0.75, 0.9, 0.99, 1];
export const number = (value: Timed<number | null>): number | null => value.item;
export const values = (items: readonly (number | null)[]): Timed<number | null>[] =>
  items.map((item) => ({ item, timestampMs: 0 }));

export function expectClose(found: readonly (number | null)[], items: readonly number[], accuracy: number): void {
  const sorted = items.toSorted((a, b) => a - b);
  for (const [at, q] of QS.entries()) {
    const exact = sorted[Math.floor(q * (sorted.length - 1))];
    if (exact === undefined) expect(found[at]).toBeNull();
    // A little more for rounding.
    else expect(Math.abs((found[at] ?? NaN) - exact)).toBeLessThanOrEqual(accuracy * Math.abs(exact) * (1 + 1e-9));
  }
}
