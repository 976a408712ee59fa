import fc from "fast-check";
import { expect, test } from "vitest";
import { CacheMemory } from "./cache-memory.ts";
import { KeyFilter } from "./key-filter.ts";

test("a filter has every key that was added, and few of the others [STO-21]", () => {
  const filter = new KeyFilter(new CacheMemory(10_000_000));
  const keys = Array.from({ length: 100_000 }, (_, at) => `10:2015-07-15${at}`);
  expect(filter.mayHave("10:2015-07-150")).toBe(false);
  for (const key of keys) filter.add(key);
  expect(keys.filter((key) => !filter.mayHave(key))).toEqual([]);
  const taken = keys.filter((key) => filter.mayHave(`${key}?`)).length;
  expect(taken).toBeLessThan(5_000);
});

test("whatever the keys are, none that was added is missing [STO-21]", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: "grapheme" })), (keys) => {
      const filter = new KeyFilter(new CacheMemory(1_000_000));
      for (const key of keys) filter.add(key);
      expect(keys.every((key) => filter.mayHave(key))).toBe(true);
    }),
  );
});

test("a filter counts as memory, and says of no key that it is absent once it has left, or is too full [STO-21]", () => {
  const memory = new CacheMemory(20_000);
  const left = new KeyFilter(memory);
  left.add("a");
  expect(left.bytes).toBe(1_024);
  for (let at = 0; at < 5_000; at++) left.add(`${at}`);
  expect(memory.full).toBe(true);
  memory.evict();
  expect(memory.full).toBe(false);
  expect(left.mayHave("never")).toBe(true);
  left.add("b");
  expect(left.mayHave("never")).toBe(true);

  const roomy = new CacheMemory(10_000_000);
  const full = new KeyFilter(roomy);
  for (let at = 0; at < 1_120_000; at++) full.add(`${at}`);
  expect(full.mayHave("never")).toBe(true);
  expect(full.bytes).toBe(0);
});
