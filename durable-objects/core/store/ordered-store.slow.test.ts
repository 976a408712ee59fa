import { expect, test } from "vitest";
import { memoryDisk } from "../../test/memory-disk.ts";
import { orderedStoreContract } from "../../test/ordered-store-contract.ts";
import { MemoryStateStore } from "./memory-state-store.ts";
import type { AtRange, OrderedChange, OrderedItem } from "./ordered-rows.ts";
import { MAX_GROUP_CHARACTERS, MAX_GROUP_ROWS, type OrderedStore } from "./ordered-store.ts";
import type { StoredValue } from "./state-store.ts";
import { StoreCache } from "./store-cache.ts";
import { UndoLog } from "./undo-log.ts";

orderedStoreContract((body) => body(memoryDisk()), 300);

const EVER = { fromAt: -Infinity, toAt: Infinity };
const value = (text: string): StoredValue => ({ value: text, timestampMs: 0 });

interface Life {
  readonly undo: UndoLog;
  readonly cache: StoreCache;
  readonly store: OrderedStore;
}

/** A StateStore that outlives its caches; what reaches its ordered rows is noted. */
class Disk {
  reads = 0;
  readonly written: OrderedChange[] = [];
  readonly #store = new MemoryStateStore();

  constructor() {
    const rows = this.#store.ordered;
    const range = rows.range.bind(rows);
    const putMany = rows.putMany.bind(rows);
    rows.range = (store: string, key: string, asked: AtRange): readonly OrderedItem[] => {
      this.reads++;
      return range(store, key, asked);
    };
    rows.putMany = (store: string, changes: readonly OrderedChange[]): void => {
      this.written.push(...changes);
      putMany(store, changes);
    };
  }

  open(bucketMs: number, cacheBytes = 1_000_000): Life {
    const undo = new UndoLog();
    const cache = new StoreCache(this.#store, undo, cacheBytes);
    return { undo, cache, store: cache.openOrdered("o", { bucketMs }) };
  }
}

test("a flush writes each changed row once, and none that is as stored [STO-7]", () => {
  const disk = new Disk();
  const { store, undo, cache } = disk.open(10);
  const place = { key: "k", at: 1, seq: 0 };
  for (let n = 0; n < 5; n++) store.put(place, value(`${n}`));
  store.append("k", 2, value("gone"));
  store.remove({ key: "k", at: 2, seq: 0 });
  undo.clear();
  expect(cache.flush()).toBe(1);
  store.put(place, value("4"));
  store.remove(place);
  undo.rollback();
  expect(cache.flush()).toBe(0);
  store.remove(place);
  store.put(place, value("5"));
  expect(cache.flush()).toBe(1);
  expect(disk.written.map((row) => row.value?.value)).toEqual(["4", "5"]);
});

test("a bucket that is new is not read [STO-16]", () => {
  const disk = new Disk();
  const { store, cache } = disk.open(10);
  for (let at = 0; at < 100; at++) {
    for (const key of ["a", "b", "c"]) {
      expect(store.range(key, { fromAt: at - 25, toAt: at })).toHaveLength(Math.min(at, 25));
      store.append(key, at, value("1"));
    }
    if (at % 10 === 0) cache.flush();
  }
  expect(disk.reads).toBe(0);
});

test("a key is read once a bucket that its ranges touch, also one that has no rows [STO-16]", () => {
  const disk = new Disk();
  const before = disk.open(10);
  for (const at of [5, 15, 25]) before.store.append("k", at, value("1"));
  before.cache.flush();
  const { store } = disk.open(10);
  for (let n = 0; n < 3; n++) {
    expect(store.range("none", { fromAt: 5, toAt: 15 })).toEqual([]);
    expect(store.range("k", { fromAt: 5, toAt: 15 }).map(({ at }) => at)).toEqual([5, 15]);
    store.append("none", 100 + n, value("1"));
  }
  expect(disk.reads).toBe(4);
});

test.each([
  ["rows", MAX_GROUP_ROWS + 1, "1"],
  ["characters", 2, "1".repeat(MAX_GROUP_CHARACTERS)],
])("a group of too many %s is read where it lies, its changes merged in [STO-16]", (_, count, text) => {
  const disk = new Disk();
  const before = disk.open(0);
  for (let at = 0; at < count; at++) before.store.append("k", at, value(text));
  before.cache.flush();
  const { store, cache } = disk.open(0);
  store.put({ key: "k", at: 1, seq: 0 }, value("changed"));
  store.remove({ key: "k", at: 0, seq: 0 });
  const last = store.append("k", 1, value("new"));
  expect(last).toBe(1);
  expect(store.range("k", { ...EVER, limit: 2 }).map(({ at, seq, value }) => [at, seq, value])).toEqual([
    [1, 0, "changed"],
    [1, 1, "new"],
  ]);
  expect(store.range("k", EVER)).toHaveLength(count);
  expect(cache.flush()).toBe(3);
  expect(store.range("k", { ...EVER, limit: 2 }).map(({ value }) => value)).toEqual(["changed", "new"]);
});

test("changes of a large group are written early before they are too many to merge [STO-16]", () => {
  const disk = new Disk();
  const before = disk.open(0);
  for (let at = 0; at < 2_000; at++) before.store.append("k", at, value("1"));
  before.cache.flush();
  disk.written.length = 0;
  const { store, undo, cache } = disk.open(0);
  for (let n = 0; n < 1_500; n++) {
    const [first] = store.range("k", { ...EVER, limit: 1 });
    expect(first?.at).toBe(n);
    store.remove({ key: "k", at: n, seq: 0 });
    undo.clear();
    cache.trim();
    expect(n + 1 - disk.written.length).toBeLessThan(502);
  }
  expect(cache.flush()).toBe(1_500);
});

test("memory stays within cacheBytes, changed rows included [STO-6]", () => {
  const disk = new Disk();
  const { store, undo, cache } = disk.open(1_000, 100_000);
  for (let at = 0; at < 1_000; at++) {
    store.append(`${at % 50}`, at, value(`"${"x".repeat(5_000)}"`));
    undo.clear();
    cache.trim();
    expect(at + 1 - disk.written.length).toBeLessThan(10);
  }
  cache.flush();
  expect(disk.written).toHaveLength(1_000);
  for (let key = 0; key < 50; key++) expect(store.range(`${key}`, EVER)).toHaveLength(20);
});

test("buckets that have expired leave memory and the store, those not yet written included [STO-16]", () => {
  const disk = new Disk();
  const { store, undo, cache } = disk.open(10);
  for (let at = 0; at < 40; at += 5) store.append("k", at, value("1"));
  undo.clear();
  cache.flush();
  store.append("k", 11, value("1"));
  store.expire(25);
  expect(store.range("k", EVER).map(({ at }) => at)).toEqual([25, 30, 35]);
  undo.rollback();
  expect(store.range("k", EVER).map(({ at }) => at)).toEqual([0, 5, 10, 15, 20, 25, 30, 35]);
  store.append("k", 11, value("1"));
  store.expire(25);
  store.append("k", 24, value("late"));
  undo.clear();
  expect(cache.flush()).toBe(4);
  expect(store.range("k", EVER).map(({ at }) => at)).toEqual([25, 30, 35]);
  expect(disk.written.map(({ at }) => at)).not.toContain(24);
});

test("a flush is final: the next record's error takes back no bound of before [STO-8, STO-16]", () => {
  const { store, undo, cache } = new Disk().open(10);
  for (const at of [1, 15]) store.append("k", at, value("1"));
  undo.clear();
  store.expire(10);
  cache.flush();
  store.append("k", 25, value("1"));
  undo.rollback();
  expect(store.append("k", 1, value("late"))).toBe(0);
  expect(store.range("k", EVER).map(({ at }) => at)).toEqual([15]);
});

test.each([-1, 0.5, Number.NaN, Infinity])("buckets of %d ms are a bug [STO-13]", (bucketMs) => {
  expect(() => new Disk().open(bucketMs)).toThrow(/buckets of/);
});

test.each([
  [0.5, 0],
  [Number.NaN, 0],
  [Infinity, 0],
  [0, -1],
  [0, 0.5],
])("a row at %d/%d is a bug [STO-13]", (at, seq) => {
  const { store } = new Disk().open(10);
  expect(() => store.put({ key: "k", at, seq }, value("1"))).toThrow(/a row of o at/);
});
