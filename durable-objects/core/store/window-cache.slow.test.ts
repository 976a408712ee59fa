import { expect, test } from "vitest";
import { memoryDisk } from "../../test/memory-disk.ts";
import { windowCacheContract } from "../../test/window-cache-contract.ts";
import { MemoryStateStore } from "./memory-state-store.ts";
import { StoreCache, type CachedStore } from "./store-cache.ts";
import { TimerQueue } from "./timer-queue.ts";
import { UndoLog } from "./undo-log.ts";

windowCacheContract((body) => body(memoryDisk()), 300);

/** Every call of the StateStore that reads windows. */
class CountingStore extends MemoryStateStore {
  reads: string[] = [];

  override getWindow(...asked: Parameters<MemoryStateStore["getWindow"]>): ReturnType<MemoryStateStore["getWindow"]> {
    this.reads.push("get");
    return super.getWindow(...asked);
  }

  override hasWindow(...asked: Parameters<MemoryStateStore["hasWindow"]>): boolean {
    this.reads.push("has");
    return super.hasWindow(...asked);
  }

  override scanWindows(
    ...asked: Parameters<MemoryStateStore["scanWindows"]>
  ): ReturnType<MemoryStateStore["scanWindows"]> {
    this.reads.push("scan");
    return super.scanWindows(...asked);
  }
}

function setup(store = new CountingStore()): {
  store: CountingStore;
  undo: UndoLog;
  cache: StoreCache;
  windows: CachedStore;
  timers: TimerQueue;
} {
  const undo = new UndoLog();
  const cache = new StoreCache(store, undo, 1_000_000);
  const windows = cache.open("w", "window");
  return { store, undo, cache, windows, timers: new TimerQueue(cache, windows) };
}

test("that nothing is due is asked of the store once, not for every record [STO-17]", () => {
  const before = setup();
  for (let dueMs = 1_000; dueMs < 1_600; dueMs++) before.timers.set({ dueMs, key: "k", payload: "1" });
  before.cache.flush();
  const { store, undo, cache, timers } = setup(before.store);
  store.reads = [];
  for (let nowMs = 0; nowMs < 1_000; nowMs++) {
    expect([...timers.takeDue(nowMs)]).toEqual([]);
    undo.clear();
    cache.trim();
    if (nowMs % 100 === 0) cache.flush();
  }
  expect(store.reads).toEqual(["scan"]);
  expect([...timers.takeDue(1_599)]).toHaveLength(600);
  expect(store.reads).toEqual(["scan", "scan", "scan"]);
});

test("a set of timers that is known as a whole is not looked into to set one [STO-17]", () => {
  const { store, cache, timers } = setup();
  timers.set({ dueMs: 1_000_000, key: "last", payload: "1" });
  cache.flush();
  expect([...timers.takeDue(0)]).toEqual([]);
  store.reads = [];
  for (let n = 0; n < 500; n++) {
    timers.set({ dueMs: (n * 7_919) % 1_000_000, key: `${n}`, payload: "1" });
    if (n % 50 === 0) cache.flush();
  }
  expect(store.reads).toEqual([]);
});

test("windows that start after all others are known to be new [STO-12]", () => {
  const { store, cache, windows } = setup();
  for (let start = 0; start < 10; start++) cache.write(cache.windowEntry(windows, start, "k"), undefined);
  expect(store.reads).toEqual([]);
});

test("what comes due again and again does not read what was removed before [STO-17]", () => {
  const before = setup();
  for (let n = 0; n < 3_000; n++) before.timers.set({ dueMs: n % 3, key: `${n}`, payload: "1" });
  before.cache.flush();
  const { store, undo, cache, timers } = setup(before.store);
  store.reads = [];
  for (let n = 0; n < 3_000; n++) {
    for (const _ of timers.takeDue(2)) break;
    undo.clear();
    cache.trim();
  }
  expect([...timers.takeDue(2)]).toEqual([]);
  expect(store.reads.filter((read) => read === "scan").length).toBeLessThan(14);
  expect(store.reads.every((read) => read === "scan")).toBe(true);
  cache.flush();
  expect(store.scanWindows("w", undefined, 10)).toEqual([]);
});

test("of many timers only the next are remembered, and all come in their order [STO-17, STO-19]", () => {
  const { store, undo, cache, timers } = setup();
  expect([...timers.takeDue(0)]).toEqual([]);
  for (let n = 0; n < 5_000; n++) timers.set({ dueMs: (n * 7_919) % 5_000, key: "k", payload: "1" });
  undo.clear();
  cache.flush();
  store.reads = [];
  timers.set({ dueMs: 4_500, key: "new", payload: "1" });
  const taken = Array.from(timers.takeDue(5_000), ({ dueMs, key }) => `${dueMs}${key}`);
  const wanted = Array.from({ length: 5_000 }, (_, dueMs) => `${dueMs}k`);
  wanted.splice(4_501, 0, "4500new");
  expect(taken).toEqual(wanted);
  expect(store.reads.filter((read) => read === "scan")).toHaveLength(16);
});
