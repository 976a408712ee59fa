import { env as bindings } from "cloudflare:workers";
import { expect, test, vi } from "vitest";
import type { Env } from "./env.ts";
import { batchOf, createTopic, partition, readAll } from "./test/client.ts";
import { evict } from "./test/evict.ts";
import type { Partition } from "./test/objects.ts";

const env = bindings as unknown as Env;
const TEST_MS = 60_000;
const WAIT = { timeout: 40_000, interval: 100 };

async function append(to: DurableObjectStub<Partition>, key: string, n: number): Promise<void> {
  const answer = await to.append({
    batch: batchOf([{ key, value: { n } }]),
    largestRecordBytes: 100,
  });
  if (!answer.ok) throw new Error(answer.message);
}

test(
  "a pipeline gets what it writes, also from the object that it runs in, and it is drained while that goes on [PLN-5, ENG-9]",
  async () => {
    const out = await createTopic(env, "rounds-out");
    const input = await createTopic(env, "rounds", 2);
    await append(partition(env, input, 0), "a", 30);
    await append(partition(env, input, 1), "b", 3);
    expect(await partition(env, input, 0).drain({ pipeline: "rounds", timeoutMs: 10_000 })).toEqual({ ok: true });
    await evict(partition(env, input, 0));
    await vi.waitFor(async () => {
      for (const at of [0, 1]) await partition(env, input, at).touch({});
      const ended = (await readAll(partition(env, out))).map(({ key, value }) => `${key} ${JSON.stringify(value)}`);
      expect(ended).toHaveLength(2);
      expect(new Set(ended)).toEqual(new Set(['a {"n":0}', 'b {"n":0}']));
    }, WAIT);
    const all = [...(await readAll(partition(env, input, 0))), ...(await readAll(partition(env, input, 1)))];
    const numbers = (of: string): unknown[] =>
      all.filter(({ key }) => key === of).map(({ value }) => (value as { n: number }).n);
    expect(numbers("a").toSorted((one, other) => Number(other) - Number(one))).toEqual(
      Array.from({ length: 31 }, (_, at) => 30 - at),
    );
    expect(numbers("b")).toHaveLength(4);
  },
  TEST_MS,
);

test(
  "so do two that feed each other, one of them in micro-batches [PLN-12]",
  async () => {
    const pings = await createTopic(env, "pings");
    const pongs = await createTopic(env, "pongs");
    await append(partition(env, pings), "k", 7);
    const numbers = async (id: string): Promise<unknown[]> =>
      (await readAll(partition(env, id))).map(({ value }) => (value as { n: number }).n);
    await vi.waitFor(async () => expect(await numbers(pongs)).toEqual([6, 4, 2, 0]), WAIT);
    expect(await numbers(pings)).toEqual([7, 5, 3, 1]);
  },
  TEST_MS,
);
