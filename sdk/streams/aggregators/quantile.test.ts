import fc from "fast-check";
import { expect, test } from "vitest";
import { Bucketing, type Buckets, countsIn } from "./buckets.ts";
import { quantile, quantiles } from "./quantile.ts";
import { folded, kept } from "./test/folded.ts";
import { expectClose, number, QS, values } from "./test/quantiles.ts";

test("of latencies of many sizes too [AGG-25]", () => {
  const items = Array.from({ length: 5_000 }, (_, n) => Math.exp(((n * 7919) % 5_000) / 400));
  const subject = quantiles(QS, number);
  let state = subject.initial();
  for (const value of values(items)) state = subject.add(state, value, 0);
  expectClose(subject.result(kept(state)), items, 0.01);
  expect(JSON.stringify(state).length).toBeLessThan(6_000);
});

test("keys too far below the greatest count as the least that is kept, in any order [AGG-25]", () => {
  const most = 10;
  const keys = fc.array(fc.oneof(fc.nat(3 * most), fc.nat(5)), { maxLength: 12 });
  const bucketing = new Bucketing(most);
  const of = (list: readonly number[]): Buckets =>
    list.reduce((all, key) => bucketing.with(all, key, 1), [] as Buckets);
  fc.assert(
    fc.property(keys, (list) => {
      const lowest = Math.max(...list) - most + 1;
      const expected = new Map<number, number>();
      for (const key of list.toSorted((a, b) => a - b))
        expected.set(Math.max(key, lowest), (expected.get(Math.max(key, lowest)) ?? 0) + 1);
      expect(new Map(countsIn(of(list)))).toEqual(expected);
      expect(of(list.toReversed())).toEqual(of(list));
      expect(bucketing.bothOf(of(list.slice(0, 5)), of(list.slice(5)))).toEqual(of(list));
    }),
    { numRuns: 500 },
  );
});

test("one that counted as the least is taken back from there [AGG-18, AGG-25]", () => {
  const subject = quantiles([0, 0.5, 1], number);
  const state = folded(subject, values([1e-40, 1, 2]));
  expect(subject.result(subject.remove?.(state, { item: 1e-40, timestampMs: 0 }) ?? state)).toEqual([
    expect.closeTo(1, 1),
    expect.closeTo(1, 1),
    expect.closeTo(2, 1),
  ]);
});

test("one quantile is that of several; zero is itself [AGG-25]", () => {
  const subject = quantile(0.5, number);
  const state = folded(subject, values([-8, 0, 8]));
  expect(subject.result(state)).toBe(0);
  expect(state).toEqual([1, [expect.any(Number), 1], [expect.any(Number), 1]]);
  expect(subject.result(subject.initial())).toBeNull();
});

test("what is no quantile, no accuracy or no number is refused [AGG-22, AGG-23]", () => {
  for (const q of [-0.1, 1.1, 99, Number.NaN])
    expect(() => quantile(q, number)).toThrow(`There is no quantile ${q}. Use 0 to 1: 0.99 for the 99th percentile.`);
  for (const accuracy of [0, 0.0009, 0.6, Number.NaN])
    expect(() => quantile(0.5, number, { accuracy })).toThrow(
      `An accuracy of ${accuracy} cannot be. Use 0.001 to 0.5: 0.01 is 1 %.`,
    );
  const { add, initial } = quantile(0.5, (value: number) => value);
  expect(() => add(initial(), Number.NaN, 0)).toThrow("quantiles got NaN. Give it a finite number, or null");
  expect(() => add(initial(), 1.79e308, 0)).toThrow("a quantile of 1.79e+308 cannot be: numbers end at 1.7");
  expect(add(initial(), 1e-320, 0)).toEqual([1, [], []]);
});
