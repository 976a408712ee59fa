import { expect, test } from "vitest";
import { Outputs } from "./outputs.ts";

interface ListOptions {
  readonly prefix: string;
  readonly limit: number;
  readonly cursor?: string;
  readonly startAfter?: string;
}

/** As many of R2's methods as `eraseFiles` needs, over keys alone. */
class Keys {
  readonly keys: Set<string>;
  lists = 0;
  failsAt = Number.POSITIVE_INFINITY;

  constructor(keys: readonly string[]) {
    this.keys = new Set(keys);
  }

  async list({ prefix, limit, cursor, startAfter }: ListOptions): Promise<unknown> {
    if (++this.lists === this.failsAt) throw new Error("R2 is away");
    const after = cursor ?? startAfter ?? "";
    const found = [...this.keys].filter((key) => key.startsWith(prefix) && key > after).toSorted();
    const objects = found.slice(0, limit).map((key) => ({ key }));
    const truncated = found.length > limit;
    return { objects, truncated, ...(truncated ? { cursor: objects.at(-1)?.key } : {}) };
  }

  async delete(keys: readonly string[]): Promise<void> {
    for (const key of keys) this.keys.delete(key);
  }
}

const FOREIGN = 25_000;
const foreign = Array.from({ length: FOREIGN }, (_, at) => `lake/notes/${String(at).padStart(6, "0")}.txt`);
const files = ["lake/a/3-in.0-1-9.ndjson", "lake/z/3-in.0-1-9.ndjson", "lake/z/12-in.0-1-9.ndjson"];

test("files are deleted behind any number of others, over attempts of which each goes on where the last one came to [CAT-24]", async () => {
  const bucket = new Keys([...files, ...foreign, "other/3-in.0-1-9.ndjson"]);
  const outputs = new Outputs({ LAKE: bucket } as unknown as ConstructorParameters<typeof Outputs>[0]);
  let after: string | undefined;
  const attempt = (): Promise<boolean> =>
    outputs.eraseFiles("lake", { before: 12, after, reached: (key) => (after = key) });

  bucket.failsAt = 6;
  await expect(attempt()).rejects.toThrow("R2 is away");
  expect(await attempt()).toBe(false);
  expect(bucket.keys).toContain("lake/z/3-in.0-1-9.ndjson");
  const before = bucket.lists;
  expect(await attempt()).toBe(true);
  expect(bucket.lists - before).toBeLessThan(5);
  expect([...bucket.keys].filter((key) => !key.endsWith(".txt"))).toEqual([
    "lake/z/12-in.0-1-9.ndjson",
    "other/3-in.0-1-9.ndjson",
  ]);
  expect(bucket.keys.size).toBe(FOREIGN + 2);
});
