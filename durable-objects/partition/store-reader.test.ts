import { expect, test } from "vitest";
import { MAX_READ_BYTES } from "../../schema/limits.ts";
import type { StorePlace, StoreQuery } from "../../schema/rpc/store.ts";
import { MemoryStateStore } from "../core/store/memory-state-store.ts";
import type { AttachedTask } from "./attached-task.ts";
import type { Loaded } from "./loaded.ts";
import { readStore } from "./store-reader.ts";

const MINUTE = 60_000;
const loaded = { row: { partition: 1 } } as unknown as Loaded;
const nodes = [
  { kind: "aggregate", store: { name: "w" }, windows: { kind: "time", sizeMs: MINUTE, advanceMs: MINUTE, graceMs: 0 } },
];

function readerOf(windows: number, value: string) {
  const store = new MemoryStateStore();
  store.open("w", "window");
  for (let n = 0; n < windows; n++) {
    for (const key of ["a", "b"]) store.putWindow("w", n * MINUTE, key, { value, timestampMs: 0 });
  }
  const task = { pipeline: "p", input: "in", plan: { nodes }, position: 7, store, code: {} } as unknown as AttachedTask;
  return (fromMs: number, toMs: number, { limit, after }: { limit: number; after?: StorePlace | undefined }) => {
    const query = { kind: "scan", fromKey: "a", toKey: "a\0", fromMs, toMs, limit, after } as const;
    const answer = readStore(loaded, task, { store: "w", query });
    if (!answer.ok) throw new Error(answer.message);
    return answer;
  };
}

test("windows of one key come by start, each once, to the end of the range, whatever the limit [STR-5]", () => {
  const read = readerOf(50, "1");
  for (const limit of [1, 7, 16, 40, 1000]) {
    const starts: number[] = [];
    let after: StorePlace | undefined;
    do {
      const page = read(3 * MINUTE, 42 * MINUTE, { limit, after });
      expect(page.rows.length).toBeLessThanOrEqual(limit);
      expect(page).toMatchObject({ order: "time", topic: "in", partition: 1, offset: 7 });
      starts.push(...page.rows.map(({ start }) => start ?? -1));
      after = page.next;
    } while (after !== undefined);
    expect(starts).toEqual(Array.from({ length: 40 }, (_, n) => (n + 3) * MINUTE));
  }
});

test("a page of windows ends when it is large, and says where the next begins [STR-5]", () => {
  const value = JSON.stringify("x".repeat(MAX_READ_BYTES / 8));
  const { rows, next } = readerOf(50, value)(0, 50 * MINUTE, { limit: 1000 });
  expect(rows.length).toBe(16);
  expect(next).toEqual({ key: "a", at: 15 * MINUTE, seq: 0 });
});

function readingOf(kind: "keyValue" | "window", result: (state: unknown) => unknown) {
  const store = new MemoryStateStore();
  store.open("s", kind);
  for (const key of ["a", "b"]) {
    const value = { value: "[2,10]", timestampMs: 0 };
    if (kind === "keyValue") store.put("s", key, value);
    else store.putWindow("s", 0, key, value);
  }
  const windows = kind === "window" ? { kind: "time", sizeMs: MINUTE, advanceMs: MINUTE, graceMs: 0 } : undefined;
  const node = { kind: "aggregate", store: { name: "s" }, windows, result };
  const task = { pipeline: "p", plan: { nodes: [node] }, position: 7, store, code: {} } as unknown as AttachedTask;
  return (query: StoreQuery) => readStore(loaded, task, { store: "s", query });
}

const queries: readonly ["keyValue" | "window", StoreQuery][] = [
  ["keyValue", { kind: "key", key: "a" }],
  ["keyValue", { kind: "scan", limit: 9 }],
  ["window", { kind: "scan", fromKey: "a", toKey: "a\0", fromMs: 0, toMs: 0, limit: 9 }],
  ["window", { kind: "scan", limit: 9 }],
];

test("readers get what is made of the state [AGG-13]", () => {
  for (const [kind, query] of queries) {
    const answer = readingOf(kind, (state) => ({ mean: (state as number[])[1] }))(query);
    expect(answer).toMatchObject({ ok: true });
    const rows = answer.ok ? answer.rows : [];
    const all = query.kind === "scan" && query.fromKey === undefined;
    expect(rows.map(({ value }) => value)).toEqual(all ? ['{"mean":10}', '{"mean":10}'] : ['{"mean":10}']);
  }
});

test("a state that no result can be made of is refused, and says why [AGG-13]", () => {
  for (const [kind, query] of queries) {
    const answer = readingOf(kind, (state) => (state as { map(): unknown }).map())(query);
    expect(answer).toMatchObject({ ok: false, code: "internal" });
  }
});

test.each([
  ["sliding", { kind: "sliding", differenceMs: 5, graceMs: 0 }, [0, 10, 20, 30]],
  ["session", { kind: "session", gapMs: 5, graceMs: 0 }, [0, 10, 20, 30]],
  ["cumulative", { kind: "cumulative", sizeMs: 10, stepMs: 5, graceMs: 0 }, [0, 0, 10, 10, 20, 20, 30, 30]],
] as const)("%s windows of a key and of all keys come page by page [STR-3, STR-5]", (_kind, windows, starts) => {
  const store = new MemoryStateStore();
  store.open("w", windows.kind === "cumulative" ? "window" : "ordered", { bucketMs: 7 });
  const value = { value: "1", timestampMs: 3 };
  const put = (start: number, key: string): void => {
    if (windows.kind === "session") store.ordered.putMany("w", [{ key, at: start + 8, seq: 8, value }]);
    else if (windows.kind === "sliding") store.ordered.putMany("w", [{ key, at: start, seq: 0, value }]);
    else for (const slot of [start, start + 5]) store.putWindow("w", slot, key, value);
  };
  for (const key of ["a", "b"]) for (const start of [0, 10, 20, 30]) put(start, key);
  const plan = { nodes: [{ kind: "aggregate", store: { name: "w" }, windows }] };
  const task = { pipeline: "p", plan, position: 7, store, code: {} } as unknown as AttachedTask;
  const read = (query: object, limit: number): (readonly [string, number | undefined])[] => {
    const rows: (readonly [string, number | undefined])[] = [];
    let after: StorePlace | undefined;
    do {
      const answer = readStore(loaded, task, { store: "w", query: { kind: "scan", ...query, limit, after } });
      if (!answer.ok) throw new Error(answer.message);
      rows.push(...answer.rows.map(({ key, start }) => [key, start] as const));
      after = answer.next;
    } while (after !== undefined);
    return rows;
  };
  for (const limit of [1, 3, 100]) {
    const ofKey = (fromMs: number, toMs: number): unknown =>
      read({ fromKey: "a", toKey: "a\0", fromMs, toMs }, limit).map(([, start]) => start);
    expect(ofKey(0, 100)).toEqual(starts);
    expect(ofKey(1, 20)).toEqual(starts.filter((start) => start === 10 || start === 20));
    const all = read({}, limit);
    expect(all).toHaveLength(2 * starts.length);
    expect(new Set(all.map(([key, start]) => `${key}@${start}`)).size).toBe(8);
  }
});
