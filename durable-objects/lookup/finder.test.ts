import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { expect, test } from "vitest";
import { LOOKUP_CACHE_BYTES, MAX_LOOKUP_ANSWER_CHARACTERS } from "../../schema/limits.ts";
import type { LookupNode } from "../../schema/plan.ts";
import type { WallClock } from "../wall-clock.ts";
import { Finder } from "./finder.ts";
import { LookupCache } from "./lookup-cache.ts";

/** Stands still until it is told to go on to the next thing that waits. */
class StepClock implements WallClock {
  nowMs = 0;
  readonly #waiting = new Set<{ readonly atMs: number; readonly wake: () => void }>();

  now(): number {
    return this.nowMs;
  }

  after(pauseMs: number, wake: () => void): () => void {
    const entry = { atMs: this.nowMs + pauseMs, wake };
    this.#waiting.add(entry);
    return () => this.#waiting.delete(entry);
  }

  /** Until the work is done. */
  async run<T>(work: Promise<T>): Promise<T> {
    let done = false;
    void work.finally(() => (done = true));
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      if (done) return work;
      const [next] = [...this.#waiting].toSorted((a, b) => a.atMs - b.atMs);
      if (next === undefined) throw new Error("nothing goes on any more");
      this.#waiting.delete(next);
      this.nowMs = next.atMs;
      next.wake();
    }
  }
}

type FindOne = (key: string, signal: AbortSignal) => Promise<unknown>;

function nodeOf(find: FindOne, given: Partial<LookupNode> = {}): LookupNode {
  return {
    kind: "lookup",
    name: "lookup-1",
    inputs: ["source-1"],
    join: "inner",
    source: {
      kind: "function",
      atMost: 1,
      find: async ([key], { signal }) => [await find(key as string, signal as AbortSignal)],
    },
    key: (value) => value,
    joiner: (value) => value,
    timeoutMs: 1_000,
    retries: 2,
    backoffMs: 100,
    concurrency: 3,
    cache: { entries: 10, ttlMs: 5_000 },
    ...given,
  };
}

function finderOf(
  node: LookupNode,
  env: unknown = {},
): { clock: StepClock; find: (keys: readonly string[]) => ReturnType<Finder["find"]>; failed: string[] } {
  const clock = new StepClock();
  const failed: string[] = [];
  const finder = new Finder(node, { env, clock, called: () => undefined, failed: (reason) => failed.push(reason) });
  const room = { characters: MAX_LOOKUP_ANSWER_CHARACTERS };
  return {
    clock,
    find: (keys) =>
      clock.run(
        finder.find(
          keys.map((key) => JSON.stringify(key)),
          { ...room },
        ),
      ),
    failed,
  };
}

test("so many calls are under way at once, and every key has its answer [LKP-4]", async () => {
  let [now, most] = [0, 0];
  const keys = Array.from({ length: 20 }, (_, at) => `k${at}`);
  const { find } = finderOf(
    nodeOf(async (key) => {
      most = Math.max(most, ++now);
      await Promise.resolve();
      now--;
      return key === "k3" ? null : { of: key };
    }),
  );
  const answers = await find(keys);
  expect(most).toBe(3);
  expect(answers).toEqual(new Map(keys.map((key) => [`"${key}"`, { found: key === "k3" ? null : `{"of":"${key}"}` }])));
});

test("a call that fails is made again after pauses that double, then its error is the answer [LKP-4, LKP-6]", async () => {
  const at: number[] = [];
  const { clock, find, failed } = finderOf(
    nodeOf(async (key) => {
      if (key === "good") return 1;
      at.push(clock.nowMs);
      if (key === "late" && at.length > 2) return 2;
      throw new Error("away");
    }),
  );
  expect(Object.fromEntries(await find(["late"]))).toEqual({ '"late"': { found: "2" } });
  expect(at).toEqual([0, 100, 300]);
  expect(failed).toEqual(["lookup-1: away", "lookup-1: away"]);
  expect(Object.fromEntries(await find(["bad", "good"]))).toEqual({
    '"bad"': { error: "away (tried 3 times)" },
    '"good"': { found: "1" },
  });
});

test("a call that takes too long has failed, and its signal says so [LKP-4]", async () => {
  const signals: AbortSignal[] = [];
  const { clock, find } = finderOf(
    nodeOf(
      (_, signal) => {
        signals.push(signal);
        return new Promise(() => undefined);
      },
      { retries: 1 },
    ),
  );
  expect(Object.fromEntries(await find(["a"]))).toEqual({
    '"a"': { error: "no answer within 1000 ms (tried 2 times)" },
  });
  expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
  expect(clock.nowMs).toBe(2_100);
});

test("what was found, or was not, is kept for its time; an error is not [LKP-7]", async () => {
  const calls: string[] = [];
  const { clock, find } = finderOf(
    nodeOf(
      async (key) => {
        calls.push(key);
        if (key === "bad") throw new Error("away");
        return key === "none" ? null : key;
      },
      { retries: 0 },
    ),
  );
  const keys = ["a", "none", "bad"];
  const first = await find(keys);
  clock.nowMs = 4_999;
  expect(await find(keys)).toEqual(first);
  expect(calls.toSorted()).toEqual(["a", "bad", "bad", "none"]);
  clock.nowMs = 5_000;
  await find(["a", "none"]);
  expect(calls).toHaveLength(6);
});

test("without a cache every slice asks anew [LKP-7]", async () => {
  let calls = 0;
  const { find } = finderOf(nodeOf(async () => ++calls, { cache: undefined }));
  await find(["a"]);
  expect(Object.fromEntries(await find(["a"]))).toEqual({ '"a"': { found: "2" } });
});

test("the entry used longest ago goes when there are too many, or too much is kept [LKP-7]", () => {
  const few = new LookupCache({ entries: 2, ttlMs: 10 });
  few.set("a", "1", 0);
  few.set("b", null, 0);
  expect(few.get("a", 1)).toBe("1");
  few.set("c", "3", 1);
  expect([few.get("a", 2), few.get("b", 2), few.get("c", 2)]).toEqual(["1", undefined, "3"]);
  const large = new LookupCache({ entries: 1_000, ttlMs: 10 });
  const text = "x".repeat(LOOKUP_CACHE_BYTES / 10);
  for (let at = 0; at < 20; at++) large.set(`k${at}`, text, 0);
  const kept = Array.from({ length: 20 }, (_, at) => large.get(`k${at}`, 0)).filter((found) => found !== undefined);
  expect(kept).toHaveLength(4);
});

test("what cannot be an answer is the error of its key [LKP-6]", async () => {
  const { find } = finderOf(
    nodeOf(async (key) => {
      if (key === "nan") return Number.NaN;
      return key === "error" ? new Error("alone") : "x".repeat(200_000);
    }),
  );
  expect(Object.fromEntries(await find(["nan", "error", "large"]))).toEqual({
    '"nan"': { error: "what lookup-1 found is NaN, which JSON cannot hold" },
    '"error"': { error: "alone" },
    '"large"': { error: "what lookup-1 found has 200002 characters of JSON, above 100000" },
  });
});

test("no further call is made when there is no more room, but for keys that must have an answer [LKP-11]", async () => {
  const asked: string[] = [];
  const node = nodeOf(async (key) => (asked.push(key), "x".repeat(98)), { concurrency: 1, cache: undefined });
  const host = { env: {}, clock: new StepClock(), called: () => undefined, failed: () => undefined };
  const keys = ['"a"', '"b"', '"c"', '"d"', '"e"'];
  expect([...(await new Finder(node, host).find(keys, { characters: 250 }, 1)).keys()]).toEqual(['"a"', '"b"', '"c"']);
  expect(asked).toEqual(["a", "b", "c"]);
  expect([...(await new Finder(node, host).find(keys, { characters: 1 }, 4)).keys()]).toEqual(keys.slice(0, 4));
});

test("of a call that finds more than there is room for the first answers are kept [LKP-11]", async () => {
  const source = { kind: "function", atMost: 10, find: async (keys: readonly unknown[]) => keys } as const;
  const node = nodeOf(async () => null, { source, cache: undefined });
  const host = { env: {}, clock: new StepClock(), called: () => undefined, failed: () => undefined };
  const found = await new Finder(node, host).find(['"a"', '"b"', '"c"'], { characters: 4 }, 1);
  expect([...found.keys()]).toEqual(['"a"', '"b"']);
});

test("a function of many keys that gives too few values has failed [LKP-6]", async () => {
  const source = { kind: "function", atMost: 10, find: async () => [1] } as const;
  const { find } = finderOf(nodeOf(async () => null, { source, retries: 0 }));
  expect((await find(["a", "b"])).get('"b"')).toEqual({
    error: "lookup-1 asked for 2 keys and got 1 values (tried 1 times)",
  });
});

test("D1 is asked for 500 keys in one query with one parameter, each found by the table's index [LKP-5]", async () => {
  const database = new DatabaseSync(":memory:");
  database.exec("CREATE TABLE users (id TEXT PRIMARY KEY, age INTEGER)");
  for (let at = 0; at < 1_200; at += 2) database.exec(`INSERT INTO users VALUES ('u${at}', ${at})`);
  const queries: { sql: string; parameters: SQLInputValue[] }[] = [];
  const DB = {
    prepare: (sql: string) => ({
      bind: (...parameters: SQLInputValue[]) => ({
        all: async () => {
          queries.push({ sql, parameters });
          return { results: database.prepare(sql).all(...parameters) };
        },
      }),
    }),
  };
  const columns = { id: "TEXT", age: "INTEGER" } as const;
  const source = { kind: "d1", binding: "DB", table: "users", columns, key: ["id"] } as const;
  const { find } = finderOf(
    nodeOf(async () => null, { source }),
    { DB },
  );
  const keys = Array.from({ length: 1_200 }, (_, at) => `u${at}`);
  const answers = await find(keys);
  expect(queries.map(({ parameters }) => parameters.length)).toEqual([1, 1, 1]);
  for (const [at, key] of keys.entries())
    expect(answers.get(`"${key}"`)).toEqual({ found: at % 2 === 0 ? JSON.stringify({ id: key, age: at }) : null });
  const steps = database.prepare(`EXPLAIN QUERY PLAN ${queries[0]?.sql}`).all("[]") as { detail: string }[];
  expect(steps.map(({ detail }) => detail)).toEqual([
    expect.stringContaining("SCAN k"),
    expect.stringContaining("SEARCH t USING INDEX"),
  ]);
});

test("a D1 database that is not bound is named [LKP-5]", async () => {
  const source = { kind: "d1", binding: "SHOP", table: "t", columns: { id: "TEXT" }, key: ["id"] } as const;
  const { find } = finderOf(nodeOf(async () => null, { source, retries: 0 }));
  expect((await find(["a"])).get('"a"')).toEqual({ error: "the Worker has no D1 database SHOP (tried 1 times)" });
});
