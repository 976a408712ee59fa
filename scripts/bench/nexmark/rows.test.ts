import { expect, test } from "vitest";
import { canonical, expectSame, hashOf } from "./rows.ts";
import { Results } from "./results.ts";

test("rows are a multiset: in no order, each as often as it is there [NEX-4]", () => {
  const once = canonical([
    [2, "b"],
    [1, "a"],
  ]);
  const other = canonical([
    [1, "a"],
    [2, "b"],
  ]);
  expect(once).toEqual(other);
  expect(hashOf(once)).toBe(hashOf(other));
  expect(hashOf(canonical([[1], [1]]))).not.toBe(hashOf(canonical([[1]])));
  expect(hashOf(canonical([[1]]))).toBe("acc07b62f23f458923737c4cd4a66bd0");
});

test("the first rows that differ are named, from both sides [NEX-5]", () => {
  const expected = canonical([[1], [2], [2], [5]]);
  expect(() => expectSame("q0", { actual: canonical([[5], [2], [2], [1]]), expected })).not.toThrow();
  expect(() => expectSame("q0", { actual: canonical([[1], [2], [3], [4], [5]]), expected })).toThrow(
    `q0 gave 5 rows, the reference has 4.
1 missing: [2]
2 too many: [3] [4]`,
  );
  const many = canonical(Array.from({ length: 9 }, (_, row) => [row]));
  expect(() => expectSame("q0", { actual: [], expected: many })).toThrow(
    `q0 gave 0 rows, the reference has 9.
9 missing: [0] [1] [2] [3] [4] …
0 too many`,
  );
});

test("every: each record is a row, each item of a list is one, null is none [NEX-4]", () => {
  const results = new Results("every");
  results.add("k", { a: 1, b: "x" });
  results.add("k", { b: "x", a: 1 });
  results.add("k", [{ a: 2, b: "y" }]);
  results.add("k", null);
  expect(results.rows(["a", "b"])).toEqual(['[1,"x"]', '[1,"x"]', '[2,"y"]']);
});

test("last: what a key was last counts, null is none [NEX-4]", () => {
  const results = new Results("last");
  results.add("k", { a: 1 });
  results.add("gone", { a: 2 });
  results.add("k", [{ a: 3 }, { a: 4 }]);
  results.add("gone", null);
  expect(results.rows(["a"])).toEqual(["[3]", "[4]"]);
});

test.each([[{ a: 1 }], [{ a: 1, b: 2, c: 3 }], [{ a: 1, c: 2 }], [7]])(
  "a row with other columns is refused: %j [NEX-5]",
  (row) => {
    const results = new Results("every");
    results.add("k", [row]);
    expect(() => results.rows(["a", "b"])).toThrow("The query has the columns a, b");
  },
);
