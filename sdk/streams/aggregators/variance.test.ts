import { expect, test } from "vitest";
import { folded, type Subject } from "./test/folded.ts";
import { stddev, variance } from "./variance.ts";

const number = (value: { readonly item: number }): number => value.item;

function of(subject: Subject<number>, items: readonly number[]): unknown {
  return subject.result(
    folded(
      subject,
      items.map((item) => ({ item, timestampMs: 0 })),
    ),
  );
}

test("a variance is of a sample unless told, and null of too few [AGG-20]", () => {
  const items = [2, 4, 4, 4, 5, 5, 7, 9];
  expect(of(variance(number), items)).toBe(32 / 7);
  expect(of(variance(number, { population: true }), items)).toBe(4);
  expect(of(stddev(number, { population: true }), items)).toBe(2);
  expect(of(variance(number), [3])).toBeNull();
  expect(of(variance(number, { population: true }), [3])).toBe(0);
  expect(of(stddev(number, { population: true }), [])).toBeNull();
});

test("numbers far from zero lose nothing to it [AGG-20]", () => {
  expect(of(variance(number), [1e15 + 4, 1e15 + 7, 1e15 + 13, 1e15 + 16])).toBe(30);
  expect(
    of(
      variance(number),
      Array.from({ length: 1_000 }, () => 0.1),
    ),
  ).toBe(0);
  expect(of(variance(number), [1e100, -1e100])).toBe(2e200);
});
