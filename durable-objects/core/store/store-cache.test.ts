import { expect, test } from "vitest";
import { MemoryStateStore } from "./memory-state-store.ts";
import type { StoredValue } from "./state-store.ts";
import { StoreCache } from "./store-cache.ts";
import { UndoLog } from "./undo-log.ts";
import { countingCache } from "../../test/counting-store.ts";

const value = (text: string, timestampMs = 0): StoredValue => ({ value: text, timestampMs });

test("a slice writes each changed key once, at its flush [STO-7]", () => {
  const { store, cache, table } = countingCache();
  for (let n = 0; n < 10; n++) cache.write(cache.entry(table, "k"), value(`${n}`, n));
  expect(store.writes).toBe(0);
  expect(cache.flush()).toBe(1);
  expect(store.get("s", "k")).toEqual(value("9", 9));
  expect(cache.flush()).toBe(0);
});

test("a key whose text and time are as stored is not written [STO-7]", () => {
  const { store, cache, table } = countingCache();
  cache.write(cache.entry(table, "k"), value("1", 1));
  cache.flush();
  cache.write(cache.entry(table, "k"), value("2", 2));
  cache.write(cache.entry(table, "k"), value("1", 1));
  cache.write(cache.entry(table, "never"), value("1"));
  cache.write(cache.entry(table, "never"), undefined);
  expect(cache.flush()).toBe(0);
  expect(store.writes).toBe(1);
  cache.write(cache.entry(table, "k"), value("1", 2));
  expect(cache.flush()).toBe(1);
});

test("of a store that began empty, what was never put is not read, and what was is found again [STO-21]", () => {
  const { store, cache, table } = countingCache(0);
  for (let n = 0; n < 100; n++) cache.write(cache.entry(table, `${n}`), value(`${n}`));
  expect(store.reads).toBe(0);
  cache.flush();
  expect(cache.entry(table, "7").value).toEqual(value("7"));
  const other = new StoreCache(store, new UndoLog(), 1_000_000);
  expect(other.entry(other.open("s", "keyValue"), "7").value).toEqual(value("7"));
});

test("a key that is known to be absent is not read again [STO-6]", () => {
  const { store, cache, table } = countingCache();
  store.put("s", "other", value("1"));
  for (let n = 0; n < 3; n++) expect(cache.entry(table, "none").value).toBeUndefined();
  expect(store.reads).toBe(1);
});

test("what was changed since the last clear is taken back exactly [STO-8]", () => {
  const { store, undo, cache, table } = countingCache();
  cache.write(cache.entry(table, "a"), value("1", 1));
  undo.clear();
  cache.write(cache.entry(table, "a"), value("2", 2));
  cache.write(cache.entry(table, "a"), undefined);
  cache.write(cache.entry(table, "b"), value("2", 2));
  undo.rollback();
  cache.flush();
  expect(store.scan("s", undefined, 10)).toEqual([{ key: "a", value: "1", timestampMs: 1 }]);
});

test("memory stays within cacheBytes, changed entries included [STO-6]", () => {
  const { store, undo, cache, table } = countingCache(100_000);
  for (let n = 0; n < 1000; n++) {
    cache.write(cache.entry(table, `${n}`), value(`"${"x".repeat(5_000)}"`));
    undo.clear();
    cache.trim();
    expect(table.rows.size).toBeLessThan(11);
  }
  cache.flush();
  expect(store.scan("s", undefined, 2000)).toHaveLength(1000);
});

test("an entry in use outlives one that is not [STO-6]", () => {
  const { store, undo, cache, table } = countingCache(100_000);
  store.put("s", "other", value("1"));
  for (let n = 0; n < 2000; n++) {
    cache.entry(table, "hot");
    cache.entry(table, `cold ${n}`);
    undo.clear();
    cache.trim();
  }
  expect(store.reads).toBe(2001);
});

test("expired windows leave, those not yet written included [STO-9]", () => {
  const store = new MemoryStateStore();
  const undo = new UndoLog();
  const cache = new StoreCache(store, undo, 1_000_000);
  const table = cache.open("w", "window");
  for (const start of [0, 10, 20]) cache.write(cache.windowEntry(table, start, "k"), value("1"));
  cache.flush();
  cache.write(cache.windowEntry(table, 10, "k"), value("2"));
  cache.write(cache.windowEntry(table, 10, "new"), value("2"));
  cache.expire(table, 20);
  expect(cache.flush()).toBe(2);
  expect(store.scanWindows("w", undefined, 10)).toEqual([{ start: 20, key: "k", value: "1", timestampMs: 0 }]);
  expect(cache.windowEntry(table, 10, "k").value).toBeUndefined();
});

test("an error of the store marks the cache as failed [STO-8]", () => {
  const { store, cache, table } = countingCache();
  store.put("s", "other", value("1"));
  store.get = () => {
    throw new Error("disk");
  };
  expect(() => cache.entry(table, "k")).toThrow("disk");
  expect(cache.failed).toBe(true);
});
