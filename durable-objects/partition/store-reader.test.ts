import { expect, test } from "vitest";
import { MAX_READ_BYTES } from "../../schema/limits.ts";
import type { StoreQuery } from "../../schema/rpc.ts";
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
  const task = { pipeline: "p", input: "in", plan: { nodes }, position: 7, store } as unknown as AttachedTask;
  return (fromMs: number, toMs: number, { limit, cursor }: { limit: number; cursor?: string | undefined }) => {
    const query = { kind: "windows", key: "a", fromMs, toMs, limit, cursor } as const;
    const answer = readStore(loaded, task, { store: "w", query });
    if (!answer.ok) throw new Error(answer.message);
    return answer;
  };
}

test("windows of one key come by start, each once, to the end of the range, whatever the limit [STR-5]", () => {
  const read = readerOf(50, "1");
  for (const limit of [1, 7, 16, 40, 1000]) {
    const starts: number[] = [];
    let cursor: string | undefined;
    do {
      const page = read(3 * MINUTE, 42 * MINUTE, { limit, cursor });
      expect(page.rows.length).toBeLessThanOrEqual(limit);
      expect(page).toMatchObject({ kind: "window", topic: "in", partition: 1, offset: 7 });
      starts.push(...page.rows.map(({ start }) => start ?? -1));
      ({ cursor } = page);
    } while (cursor !== undefined);
    expect(starts).toEqual(Array.from({ length: 40 }, (_, n) => (n + 3) * MINUTE));
  }
});

test("a page of windows ends when it is large, and says where the next begins [STR-5]", () => {
  const value = JSON.stringify("x".repeat(MAX_READ_BYTES / 8));
  const { rows, cursor } = readerOf(50, value)(0, 50 * MINUTE, { limit: 1000 });
  expect(rows.length).toBe(16);
  expect(JSON.parse(cursor ?? "")).toEqual({ key: "a", at: 15 * MINUTE, seq: 0 });
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
  const task = { pipeline: "p", plan: { nodes: [node] }, position: 7, store } as unknown as AttachedTask;
  return (query: StoreQuery) => readStore(loaded, task, { store: "s", query });
}

const queries: readonly ["keyValue" | "window", StoreQuery][] = [
  ["keyValue", { kind: "key", key: "a" }],
  ["keyValue", { kind: "scan", limit: 9 }],
  ["window", { kind: "windows", key: "a", fromMs: 0, toMs: 0, limit: 9 }],
  ["window", { kind: "scan", limit: 9 }],
];

test("readers get what is made of the state [AGG-13]", () => {
  for (const [kind, query] of queries) {
    const answer = readingOf(kind, (state) => ({ mean: (state as number[])[1] }))(query);
    expect(answer).toMatchObject({ ok: true, kind });
    const rows = answer.ok ? answer.rows : [];
    expect(rows.map(({ value }) => value)).toEqual(
      query.kind === "scan" ? ['{"mean":10}', '{"mean":10}'] : ['{"mean":10}'],
    );
  }
});

test("a state that no result can be made of is refused, and says why [AGG-13]", () => {
  for (const [kind, query] of queries) {
    const answer = readingOf(kind, (state) => (state as { map(): unknown }).map())(query);
    expect(answer).toMatchObject({ ok: false, code: "internal" });
  }
});
