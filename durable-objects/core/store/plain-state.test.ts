import { expect, test } from "vitest";
import { isPlain } from "./plain-state.ts";

test("only what is small is plain: empty lists, objects and names have a size too [AGG-27]", () => {
  expect(isPlain({ count: 3, last: "x", seen: [1, true, [], {}] })).toBe(true);
  expect(isPlain("x".repeat(2_001))).toBe(false);
  expect(isPlain(Array.from({ length: 2_001 }, () => []))).toBe(false);
  expect(isPlain(Object.fromEntries(Array.from({ length: 2_001 }, (_, at) => [`${at}`, 1])))).toBe(false);
  const itself: unknown[] = [];
  itself.push(itself);
  expect(isPlain(itself)).toBe(false);
});

test("what JSON cannot say as it is is not plain [AGG-27]", () => {
  for (const value of [null, undefined, -0, Number.NaN, Infinity, 1n, new Date(0), { at: undefined }]) {
    expect(isPlain(value)).toBe(false);
  }
});
