import { expect, test } from "vitest";
import { MAX_READ_BYTES } from "../../schema/limits.ts";
import { MemoryStateStore } from "../core/store/memory-state-store.ts";
import type { AttachedTask } from "./attached-task.ts";
import type { Loaded } from "./loaded.ts";
import { readStore } from "./store-reader.ts";

const MINUTE = 60_000;
const loaded = { row: { topic: "in", partition: 1 } } as unknown as Loaded;
const nodes = [{ kind: "aggregate", store: { name: "w" }, windows: { sizeMs: MINUTE } }];

function readerOf(windows: number, value: string) {
  const store = new MemoryStateStore();
  store.open("w", "window");
  for (let n = 0; n < windows; n++) {
    for (const key of ["a", "b"]) store.putWindow("w", n * MINUTE, key, { value, timestampMs: 0 });
  }
  const task = { pipeline: "p", plan: { nodes }, position: 7, store } as unknown as AttachedTask;
  return (fromMs: number, toMs: number, limit: number) => {
    const query = { kind: "windows", key: "a", fromMs, toMs, limit } as const;
    const answer = readStore(loaded, task, { store: "w", query });
    if (!answer.ok) throw new Error(answer.message);
    return answer;
  };
}

test("windows of one key come by start, each once, to the end of the range, whatever the limit [STR-5]", () => {
  const read = readerOf(50, "1");
  for (const limit of [1, 7, 16, 40, 1000]) {
    const starts: number[] = [];
    for (let from: number | undefined = 3 * MINUTE; from !== undefined;) {
      const page = read(from, 42 * MINUTE, limit);
      expect(page.rows.length).toBeLessThanOrEqual(limit);
      expect(page).toMatchObject({ kind: "window", topic: "in", partition: 1, offset: 7 });
      starts.push(...page.rows.map(({ start }) => start ?? -1));
      from = page.cursor === undefined ? undefined : Number(page.cursor);
    }
    expect(starts).toEqual(Array.from({ length: 40 }, (_, n) => (n + 3) * MINUTE));
  }
});

test("a page of windows ends when it is large, and says where the next begins [STR-5]", () => {
  const value = JSON.stringify("x".repeat(MAX_READ_BYTES / 8));
  const { rows, cursor } = readerOf(50, value)(0, 50 * MINUTE, 1000);
  expect(rows.length).toBe(16);
  expect(cursor).toBe(String(15 * MINUTE + 1));
});
