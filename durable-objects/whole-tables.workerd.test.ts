import { env as bindings } from "cloudflare:workers";
import { expect, test } from "vitest";
import type { Env } from "./env.ts";
import { batchOf, createTopic, partition, readAll } from "./test/client.ts";
import { evict } from "./test/evict.ts";

const env = bindings as unknown as Env;

test("sessions and sliding windows are sent whole and queried, through evictions [MIB-3, MIB-4]", async () => {
  const outId = await createTopic(env, "whole-visits-out");
  const queriedId = await createTopic(env, "whole-visits-queried");
  const topicId = await createTopic(env, "whole-visits-in");
  const clicks = async (...given: readonly (readonly [key: string, second: number])[]): Promise<void> => {
    const records = given.map(([key, second]) => ({ key, value: {}, timestampMs: second * 1_000 }));
    const answer = await partition(env, topicId).append({ batch: batchOf(records), largestRecordBytes: 100 });
    expect(answer.ok).toBe(true);
    const drained = await partition(env, topicId).drain({ pipeline: "whole-visits", timeoutMs: 10_000 });
    expect(drained).toEqual({ ok: true });
    await evict(partition(env, topicId));
  };
  await clicks(["b", 100], ["a", 100], ["a", 130]);
  await clicks(["a", 105]);
  const sent = await readAll(partition(env, outId));
  expect(sent.map(({ key, value }) => [key, value])).toEqual([
    ["a", [100_000, 100_000, 1]],
    ["a", [130_000, 130_000, 1]],
    ["b", [100_000, 100_000, 1]],
    ["a", [100_000, 105_000, 2]],
    ["a", [130_000, 130_000, 1]],
    ["b", [100_000, 100_000, 1]],
  ]);
  const queried = await readAll(partition(env, queriedId));
  expect(queried.slice(3).map(({ key, value }) => [key, value])).toEqual([
    ["a", { start: 100_000, until: 105_000, clicks: 2, most: 2 }],
    ["a", { start: 130_000, until: 130_000, clicks: 1, most: 2 }],
    ["b", { start: 100_000, until: 100_000, clicks: 1, most: 1 }],
  ]);
});
