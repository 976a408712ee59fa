import { expect } from "vitest";

/** As `toEqual`, which takes seconds for a diff of 20,000 rows and does not show them whole. */
export function expectSame(actual: readonly unknown[], expected: readonly unknown[]): void {
  const text = (rows: readonly unknown[], row: number) => JSON.stringify(rows[row]) ?? "nothing";
  const wrong = [...(actual.length > expected.length ? actual : expected).keys()].filter(
    (row) => text(actual, row) !== text(expected, row),
  );
  const shown = wrong.slice(0, 3).map((row) => `row ${row} is ${text(actual, row)}, expected ${text(expected, row)}`);
  expect([`${wrong.length} of ${expected.length} rows differ`, ...shown]).toEqual([
    `0 of ${expected.length} rows differ`,
  ]);
}
