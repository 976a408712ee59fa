import { env as bindings } from "cloudflare:workers";
import { expect, test, vi } from "vitest";
import type { Env } from "./env.ts";
import { batchOf, catalog, createTopic, partition, readAll } from "./test/client.ts";

const env = bindings as unknown as Env;

async function append(id: string, ...numbers: readonly number[]): Promise<void> {
  const batch = batchOf(numbers.map((n) => ({ key: `${n}`, value: { n } })));
  const answer = await partition(env, id).append({ batch, largestRecordBytes: 100 });
  if (!answer.ok) throw new Error(answer.message);
}

/** By key, in order. */
async function sent(id: string, key: string): Promise<unknown[]> {
  const records = await readAll(partition(env, id));
  return records.filter((record) => record.key === key).map(({ value }) => value);
}

test("a reset begins anew from where it is told, and what was sent stays [CAT-20, PIP-20]", async () => {
  const out = await createTopic(env, "resettable-out");
  const input = await createTopic(env, "resettable-in");
  await append(input, 1, 2, 3);
  const odd = async (values: readonly number[]): Promise<void> => {
    await vi.waitFor(async () => expect(await sent(out, "odd")).toEqual(values), { timeout: 20_000, interval: 50 });
  };
  await odd([1, 2]);
  const before = await catalog(env).pipeline({ name: "resettable" });
  const reset = await catalog(env).resetPipeline({ name: "resettable", from: "earliest" });
  expect(reset).toMatchObject({ ok: true, starts: [{ topic: "resettable-in", partition: 0, offset: 0 }] });
  expect(before.ok && reset.ok && reset.incarnation > before.pipeline.incarnation).toBe(true);
  await odd([1, 2, 1, 2]);
  await append(input, 5);
  await odd([1, 2, 1, 2, 3]);
  const latest = await catalog(env).resetPipeline({ name: "resettable", from: "latest" });
  expect(latest).toMatchObject({ ok: true, starts: [{ offset: 4 }] });
  await append(input, 7);
  await odd([1, 2, 1, 2, 3, 1]);
  expect(await catalog(env).resetPipeline({ name: "nowhere", from: "latest" })).toMatchObject({ code: "not_found" });
});
