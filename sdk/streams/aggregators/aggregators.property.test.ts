import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Selector } from "./aggregator.ts";
import { approxCountDistinct } from "./approx-count-distinct.ts";
import { first, last } from "./arrival.ts";
import { avg } from "./avg.ts";
import { collect } from "./collect.ts";
import { combined } from "./combined.ts";
import { count } from "./count.ts";
import { countDistinct } from "./count-distinct.ts";
import { earliest, latest } from "./event-time.ts";
import { max, min } from "./extremes.ts";
import { quantiles } from "./quantile.ts";
import { sum } from "./sum.ts";
import { nearest, UNIT, unitsOf } from "./test/exact.ts";
import { folded, kept, type Subject, type Timed } from "./test/folded.ts";
import { topN } from "./top-n.ts";
import { stddev, variance } from "./variance.ts";

type Item = number | string | boolean | null;
type Value = Timed<Item>;

interface Case {
  readonly name: string;
  readonly subject: Subject<Item>;
  readonly items: fc.Arbitrary<Item>;
  /** The result, by plain code over the array. */
  readonly expected: (values: readonly Value[]) => unknown;
  /** The state depends on which values there are alone. */
  readonly orderless?: boolean;
}

const numbers = fc
  .oneof(
    fc.integer({ min: -5, max: 5 }),
    fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e60, max: 1e60 }),
    fc.constantFrom(0.1, 0.2, 0.3, 1e16, -1e16, 1e50, -1e50, 1, 3),
    fc.constant(null),
  )
  // JSON has one zero.
  .map((value) => (value === 0 ? 0 : value));
/** Whose squares keep all their digits. */
const moderate = numbers.filter((value) => value === null || value === 0 || Math.abs(value) > 1e-60);
const texts = fc.oneof(fc.string({ maxLength: 3 }), fc.constantFrom("a", "__proto__", "é"), fc.constant(null));
const few = fc.oneof(fc.integer({ min: 0, max: 9 }), fc.constantFrom("1", "a", "true", true, false, null));

const item: Selector<Value, Item> = (value) => value.item;
const number: Selector<Value, number> = (value) => value.item as number | null;
const text: Selector<Value, string> = (value) => value.item as string | null;

function given(values: readonly Value[]): readonly Exclude<Item, null>[] {
  return values.flatMap((value) => (value.item === null ? [] : [value.item]));
}

function doubles(values: readonly Value[]): readonly number[] {
  return given(values) as readonly number[];
}

function exactTotal(values: readonly number[]): number {
  return nearest(
    values.reduce((units, value) => units + unitsOf(value), 0n),
    UNIT,
  );
}

function exactVariance(values: readonly number[], freedom: number): number | null {
  const n = values.length;
  if (n <= freedom) return null;
  const units = values.map(unitsOf);
  const sums = units.reduce((all, each) => all + each, 0n);
  const squares = units.reduce((all, each) => all + each * each, 0n);
  return nearest(BigInt(n) * squares - sums * sums, 2 * UNIT) / (n * (n - freedom));
}

function best(values: readonly Value[], better: (known: Value, next: Value) => boolean): Item {
  const all = values.filter((value) => value.item !== null);
  return all.length === 0 ? null : all.reduce((known, next) => (better(known, next) ? next : known)).item;
}

const identity = (value: Item): string => `${typeof value} ${value === 0 ? 0 : value}`;
const distinct = (values: readonly Value[]): number => new Set(given(values).map(identity)).size;
const before = (a: Item, b: Item): boolean => (a as number) < (b as number);
const descending = (values: readonly Value[]): readonly Item[] =>
  given(values).toSorted((a, b) => (before(a, b) ? 1 : before(b, a) ? -1 : 0));

const cases: readonly Case[] = [
  { name: "count", subject: count(), items: numbers, expected: (values) => values.length, orderless: true },
  {
    name: "count with a condition",
    subject: count((value: Value) => Number(value.item) > 0),
    items: numbers,
    expected: (values) => doubles(values).filter((value) => value > 0).length,
    orderless: true,
  },
  { name: "sum", subject: sum(number), items: numbers, expected: (v) => exactTotal(doubles(v)), orderless: true },
  {
    name: "avg",
    subject: avg(number),
    items: numbers,
    expected: (v) => (given(v).length === 0 ? null : exactTotal(doubles(v)) / given(v).length),
    orderless: true,
  },
  {
    name: "variance",
    subject: variance(number),
    items: moderate,
    expected: (v) => exactVariance(doubles(v), 1),
    orderless: true,
  },
  {
    name: "variance of a population",
    subject: variance(number, { population: true }),
    items: moderate,
    expected: (v) => exactVariance(doubles(v), 0),
    orderless: true,
  },
  {
    name: "stddev",
    subject: stddev(number),
    items: moderate,
    expected: (v) => {
      const square = exactVariance(doubles(v), 1);
      return square === null ? null : Math.sqrt(square);
    },
    orderless: true,
  },
  { name: "min", subject: min(number), items: numbers, expected: (v) => best(v, (a, b) => before(b.item, a.item)) },
  { name: "max", subject: max(number), items: numbers, expected: (v) => best(v, (a, b) => before(a.item, b.item)) },
  { name: "min of text", subject: min(text), items: texts, expected: (v) => best(v, (a, b) => before(b.item, a.item)) },
  { name: "max of text", subject: max(text), items: texts, expected: (v) => best(v, (a, b) => before(a.item, b.item)) },
  { name: "first", subject: first(item), items: few, expected: (v) => given(v)[0] ?? null },
  { name: "last", subject: last(item), items: few, expected: (v) => given(v).at(-1) ?? null },
  {
    name: "earliest",
    subject: earliest(item),
    items: few,
    expected: (v) => best(v, (a, b) => b.timestampMs < a.timestampMs),
  },
  {
    name: "latest",
    subject: latest(item),
    items: few,
    expected: (v) => best(v, (a, b) => b.timestampMs >= a.timestampMs),
  },
  { name: "collect", subject: collect(item), items: few, expected: given },
  {
    name: "collect the first",
    subject: collect(item, { limit: 3, keep: "first" }),
    items: few,
    expected: (v) => given(v).slice(0, 3),
  },
  {
    name: "collect the last",
    subject: collect(item, { limit: 3, keep: "last" }),
    items: few,
    expected: (v) => given(v).slice(-3),
  },
  { name: "topN", subject: topN(3, number, item), items: numbers, expected: (v) => descending(v).slice(0, 3) },
  { name: "countDistinct", subject: countDistinct(item as Selector<Value, string>), items: few, expected: distinct },
  {
    name: "approxCountDistinct of few",
    subject: approxCountDistinct(item as Selector<Value, string>),
    items: fc.oneof(few, texts, numbers),
    expected: distinct,
    orderless: true,
  },
];

const timed = (items: fc.Arbitrary<Item>): fc.Arbitrary<Value[]> =>
  fc.array(fc.record({ item: items, timestampMs: fc.nat(9) }), { maxLength: 40, size: "max" });

describe.each(cases)("$name", ({ subject, items, expected, orderless = false }) => {
  test("is plain code over the array, its state JSON between any two steps [AGG-16]", () => {
    fc.assert(
      fc.property(timed(items), (values) => {
        expect(subject.result(folded(subject, values))).toEqual(expected(values));
      }),
    );
  });

  test("is the same merged from any parts, in any grouping of them [AGG-16]", () => {
    fc.assert(
      fc.property(timed(items), fc.array(fc.nat(40), { maxLength: 5 }), fc.array(fc.nat(9)), (values, cuts, merges) => {
        const places = [0, ...cuts.map((cut) => Math.min(cut, values.length)), values.length].toSorted((a, b) => a - b);
        const parts = places.slice(1).map((to, at) => folded(subject, values.slice(places[at], to)) as unknown);
        for (let turn = 0; parts.length > 1; turn++) {
          const at = (merges[turn] ?? 0) % (parts.length - 1);
          parts.splice(at, 2, kept(subject.merge(parts[at], parts[at + 1])));
        }
        expect(subject.result(parts[0])).toEqual(expected(values));
        if (orderless) expect(parts[0]).toEqual(folded(subject, values));
      }),
    );
  });
});

describe.each(cases.filter(({ orderless }) => orderless))("$name", ({ subject, items }) => {
  test("has a state that depends on the values alone [AGG-17]", () => {
    const shuffled = timed(items).chain((values) =>
      fc.tuple(fc.constant(values), fc.shuffledSubarray(values, { minLength: values.length })),
    );
    fc.assert(
      fc.property(shuffled, ([values, others]) => {
        expect(folded(subject, others)).toEqual(folded(subject, values));
      }),
    );
  });
});

describe.each(cases.filter(({ subject }) => subject.remove !== undefined))("$name", ({ subject, items, expected }) => {
  test("forgets what is taken back [AGG-18]", () => {
    fc.assert(
      fc.property(timed(items), timed(items), fc.array(fc.nat(9)), (values, others, turns) => {
        // Others among the values, each taken back some steps after it came.
        let state = kept(subject.initial());
        const waiting: Value[] = [];
        const left = [...others];
        const remove = (value: Value | undefined): void => {
          if (value !== undefined) state = kept(subject.remove?.(state, value));
        };
        for (const [turn, value] of values.entries()) {
          const other = left.pop();
          if (other !== undefined) {
            state = kept(subject.add(state, other, other.timestampMs));
            waiting.push(other);
          }
          state = kept(subject.add(state, value, value.timestampMs));
          if ((turns[turn] ?? 0) % 2 === 1)
            remove(waiting.splice((turns[turn] ?? 0) % Math.max(1, waiting.length), 1)[0]);
        }
        for (const value of waiting) remove(value);
        expect(state).toEqual(folded(subject, values));
        expect(subject.result(state)).toEqual(expected(values));
      }),
    );
  });
});

const plainOnes = cases.filter(({ subject }) => subject.plain === true);

describe.each(plainOnes)("$name", ({ subject, items }) => {
  test("is plain: changes no state in place, and one that never was JSON is the same [AGG-27]", () => {
    fc.assert(
      fc.property(timed(items), (values) => {
        let state: unknown = frozen(subject.initial());
        for (const value of values) state = frozen(subject.add(state, value, value.timestampMs));
        expect(state).toEqual(folded(subject, values));
      }),
    );
  });
});

const immutableOnes = cases.filter(({ subject }) => subject.immutable === true);

describe.each(immutableOnes)("$name", ({ subject, items }) => {
  test("changes no state in place [AGG-27]", () => {
    fc.assert(
      fc.property(timed(items), (values) => {
        let state: unknown = frozen(kept(subject.initial()));
        for (const value of values) state = frozen(kept(subject.add(state, value, value.timestampMs)));
        expect(state).toEqual(folded(subject, values));
      }),
    );
  });
});

test("those whose states hold no values of their users are plain, and together they are [AGG-27]", () => {
  const names = new Set(plainOnes.map(({ subject }) => subject.name));
  expect(names).toEqual(new Set(["count", "sum", "avg", "min", "max", "variance", "stddev"]));
  expect(combined<Value>({ records: count(), highest: max(number) }).plain).toBe(true);
  expect(combined<Value>({ records: count(), all: collect(item) }).plain).toBe(false);
  expect(new Set(immutableOnes.map(({ subject }) => subject.name))).toEqual(new Set(["first", "last", "topN"]));
  expect(combined<Value>({ records: count(), best: topN(2, number) }).immutable).toBe(true);
  expect(combined<Value>({ records: count(), all: collect(item) }).immutable).toBe(false);
});

/** Down to its last part: what changes it throws. */
function frozen(state: unknown): unknown {
  if (typeof state === "object" && state !== null) for (const part of Object.values(state)) frozen(part);
  return Object.freeze(state);
}

test("those that know enough take values back, the others do not say that they can [AGG-18]", () => {
  const can = cases.filter(({ subject }) => subject.remove !== undefined).map(({ subject }) => subject.name);
  expect(new Set(can)).toEqual(new Set(["count", "sum", "avg", "variance", "stddev", "countDistinct"]));
  expect(quantiles([0.5], number).remove).toBeDefined();
});

test("several together are each of them [AGG-15]", () => {
  const usable = cases.filter(({ items }) => items === numbers);
  const parts = Object.fromEntries(usable.map(({ name, subject }) => [name, subject]));
  const subject: Subject<Item> = combined(parts);
  fc.assert(
    fc.property(timed(numbers), fc.nat(40), (values, cut) => {
      const expected = Object.fromEntries(usable.map(({ name, expected: plain }) => [name, plain(values)]));
      expect(subject.result(folded(subject, values))).toEqual(expected);
      const merged = subject.merge(folded(subject, values.slice(0, cut)), folded(subject, values.slice(cut)));
      expect(subject.result(kept(merged))).toEqual(expected);
    }),
  );
});

test("a name may be any text [AGG-15]", () => {
  const odd = combined<Value>(Object.fromEntries([["__proto__", count()]]));
  const state = folded(odd, [{ item: 9, timestampMs: 0 }]);
  expect(Object.entries(odd.result(state))).toEqual([["__proto__", 1]]);
});

test("one that joins others later begins with the next record, and may be merged with what came before [AGG-15]", () => {
  const alone = combined<Value>({ records: count() });
  const both = combined<Value>({ records: count(), highest: max(number) });
  const earlier = folded(alone, [{ item: 9, timestampMs: 0 }]);
  const later = both.add(earlier, { item: 4, timestampMs: 0 }, 0);
  expect(both.result(later)).toEqual({ records: 2, highest: 4 });
  expect(both.result(both.merge(folded(alone, [{ item: 9, timestampMs: 0 }]), later))).toEqual({
    records: 3,
    highest: 4,
  });
});
