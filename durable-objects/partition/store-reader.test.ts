import { expect, test } from "vitest";
import { MAX_READ_BYTES } from "../../schema/limits.ts";
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
