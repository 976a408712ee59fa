import { expect, test } from "vitest";
import { CacheBudget } from "./cache-budget.ts";
import { CacheMemory } from "./cache-memory.ts";
import { MemoryStateStore } from "./memory-state-store.ts";
import { StoreCache, type CachedStore } from "./store-cache.ts";
import { UndoLog } from "./undo-log.ts";

const BYTES = 100_000;

class Life {
  readonly cache: StoreCache;
  readonly table: CachedStore;
  readonly #undo = new UndoLog();
  #next = 0;

  constructor(budget: CacheBudget) {
    this.cache = new StoreCache(new MemoryStateStore(), this.#undo, new CacheMemory(BYTES, budget));
    this.table = this.cache.open("s", "keyValue");
  }

  /** Each new key's entry is a kilobyte. */
  write(keys: number): void {
    for (let n = 0; n < keys; n++) {
      const value = `"${"x".repeat(400)}"`;
      this.cache.write(this.cache.entry(this.table, `${this.#next++}`), { value, timestampMs: 0 });
      this.#undo.clear();
      this.cache.trim();
    }
    this.cache.flush();
  }

  get kept(): number {
    return this.table.rows.size;
  }
}

test("caches of one budget stay within it together; those unused for longest give way [STO-20]", () => {
  const budget = new CacheBudget(BYTES);
  const idle = Array.from({ length: 8 }, () => new Life(budget));
  for (const life of idle) life.write(10);
  const busy = new Life(budget);
  busy.write(1_000);
  expect(busy.kept).toBeGreaterThan(60);
  const kept = [...idle, busy].reduce((sum, life) => sum + life.kept, 0);
  expect(kept).toBeLessThanOrEqual(BYTES / 1_000);
});

test("caches that take turns keep a fair share each [STO-20]", () => {
  const budget = new CacheBudget(BYTES);
  const lives = Array.from({ length: 4 }, () => new Life(budget));
  for (let turn = 0; turn < 20; turn++) for (const life of lives) life.write(20);
  for (const life of lives) expect(life.kept).toBeGreaterThan(12);
});

test("what gave way is found again, with what was changed since [STO-20]", () => {
  const budget = new CacheBudget(BYTES);
  const life = new Life(budget);
  life.write(50);
  new Life(budget).write(1_000);
  expect(life.kept).toBeLessThan(50);
  expect(life.cache.entry(life.table, "0").value).toMatchObject({ timestampMs: 0 });
});
