import { expect, test } from "vitest";
import { avg } from "./avg.ts";
import { collect } from "./collect.ts";
import { combined } from "./combined.ts";
import { count } from "./count.ts";
import { countDistinct } from "./count-distinct.ts";
import { max, min } from "./extremes.ts";
import { sum } from "./sum.ts";
import { folded, type Subject } from "./test/folded.ts";
import { topN } from "./top-n.ts";
import { variance } from "./variance.ts";

/** Of values that say nothing of their type, as those of a topic do. */
const item = (value: { readonly item: unknown }): never => value.item as never;

function of(subject: Subject<unknown>, ...items: readonly unknown[]): unknown {
  return subject.result(
    folded(
      subject,
      items.map((each) => ({ item: each, timestampMs: 0 })),
    ),
  );
}

test("null and undefined are left out, and counted by count alone [AGG-21]", () => {
  expect(of(count(), null, undefined, 1)).toBe(3);
  expect(of(sum(item), null, undefined, 1)).toBe(1);
  expect(of(sum(item), null)).toBe(0);
  expect(of(avg(item), undefined, 1, 2)).toBe(1.5);
  for (const subject of [avg(item), variance(item), min(item), max(item)]) expect(of(subject, null)).toBeNull();
  expect(of(variance(item), 1, null)).toBeNull();
  expect(of(collect(item), null, 1, undefined)).toEqual([1]);
  expect(of(topN(2, item, item), null, "a", undefined)).toEqual(["a"]);
});

test("of equals the one that arrived first stands first [AGG-21]", () => {
  const subject = topN(3, (value: { item: unknown }) => (value.item as string).length, item);
  expect(of(subject as Subject<unknown>, "aa", "b", "cc", "dd", "e")).toEqual(["aa", "cc", "dd"]);
});

const REFUSED: readonly (readonly [
  wrong: string,
  subject: Subject<unknown>,
  items: readonly unknown[],
  message: string,
])[] = [
  ["text", sum(item), ["12"], 'sum got "12" (string). Give it a finite number, or null to leave the value out.'],
  ["NaN", avg(item), [Number.NaN], "avg got NaN. Give it a finite number, or null to leave the value out."],
  ["too large a number", variance(item), [1e101], "variance got 1e+101. It takes numbers from -1e+100 to 1e+100."],
  ["an infinity", min(item), [Infinity], "min got Infinity. Give it a finite number or text, or null"],
  ["text after numbers", max(item), [1, "2"], 'max got "2" (string) after 1. Give it numbers alone, or text alone.'],
  ["numbers after text", topN(3, item), ["2", 1], 'topN got 1 after "2" (string). Give it numbers alone'],
  ["an object", min(item), [{}], "min got {} (object). Give it a finite number or text"],
  [
    "NaN among others",
    countDistinct(item),
    [Number.NaN],
    "countDistinct got NaN. Give it text, a finite number or a boolean",
  ],
  ["an object among others", countDistinct(item), [{}], "countDistinct got object. Give it text"],
  [
    "one more than collect holds",
    collect(item, { limit: 2 }),
    [1, 2, 3],
    "collect holds 2 items. Raise its limit, up to 10000, or say which to keep",
  ],
  [
    "one more than countDistinct holds",
    countDistinct(item, { limit: 2 }),
    [1, 2, 1, 2, 3],
    "countDistinct holds 2 different items. Raise its limit, up to 10000, or count with approxCountDistinct.",
  ],
];

test.each(REFUSED)("%s is an error that says what to do [AGG-23]", (...[, subject, items, message]) => {
  expect(() => of(subject, ...items)).toThrow(message);
});

test("merged states hold no more than one would [AGG-23]", () => {
  const state = (subject: Subject<unknown>, ...items: readonly unknown[]): unknown =>
    folded(
      subject,
      items.map((each) => ({ item: each, timestampMs: 0 })),
    );
  const few: Subject<unknown> = collect(item, { limit: 3 });
  expect(() => few.merge(state(few, 1, 2), state(few, 3, 4))).toThrow("collect holds 3 items");
  const distinct: Subject<unknown> = countDistinct(item, { limit: 3 });
  expect(distinct.result(distinct.merge(state(distinct, 1, 2), state(distinct, 2, 3)))).toBe(3);
  expect(() => distinct.merge(state(distinct, 1, 2), state(distinct, 3, 4))).toThrow("holds 3 different");
  const mixed: Subject<unknown> = topN(3, item);
  expect(() => mixed.merge(state(mixed, 1), state(mixed, "a"))).toThrow("numbers alone, or text alone");
});

test("what cannot be is refused where it is written [AGG-22]", () => {
  for (const limit of [0, 10_001, 1.5]) {
    expect(() => collect(item, { limit })).toThrow(`collect cannot hold ${limit} items. Use a limit of 1 to 10000.`);
    expect(() => countDistinct(item, { limit })).toThrow("Use a limit of 1 to 10000, or approxCountDistinct.");
  }
  for (const n of [0, 1_001, 2.5]) expect(() => topN(n, item)).toThrow(`topN cannot keep ${n} values. Use 1 to 1000.`);
  expect(() => combined({})).toThrow("aggregate has no aggregators. Name at least one: { bids: count() }.");
});
