import { env as bindings } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { ChainClient } from "../workers/test/chain-client.ts";
import type { Env } from "./env.ts";
import { catalog, createTopic } from "./test/client.ts";
import { evict } from "./test/evict.ts";

const env = bindings as unknown as Env;
const TIMEOUT_MS = 60_000;

describe.each([
  { name: "chain1", partitions: 1 },
  { name: "chain4", partitions: 4 },
])("a pipeline of several tasks, $partitions partitions", { timeout: TIMEOUT_MS }, ({ name, partitions }) => {
  const chain = new ChainClient(env, name);

  beforeAll(async () => {
    await createTopic(env, `${name}-out`, 1);
    await createTopic(env, `${name}-a`, partitions);
    await createTopic(env, `${name}-b`, partitions);
  });

  test("starts with internal topics of its own, which nobody else sees [CAT-9, TOP-1]", async () => {
    const { state, inputs, incarnation } = await chain.client.record();
    expect(state).toBe("running");
    expect(inputs.map((input) => [input.input, input.partitions])).toEqual([
      [`${name}-a`, partitions],
      [`${name}-b`, partitions],
      ["__merge-1", partitions],
      ["__selectKey-1", partitions],
      ["__repartition-1", 2],
    ]);
    expect(inputs.at(-1)?.topicId).toContain(`__${name}.${incarnation}.repartition-1-`);
    const listed = await catalog(env).topics({});
    expect(listed.ok && listed.topics.some(({ topic }) => topic.startsWith("__"))).toBe(false);
  });

  test("takes each record once into every store and to the output [ENG-6, PIP-6]", async () => {
    await chain.sell(30);
    await chain.sell(30);
    expect(await chain.client.drain()).toMatchObject({ ok: true });
    await chain.expectExact();
  });

  test("and so it does while objects are evicted and crash [ENG-2, ENG-6]", async () => {
    const stubs = await chain.client.allPartitions();
    for (let round = 0; round < 12; round++) {
      await chain.sell(10);
      const stub = stubs[(round * 5) % stubs.length];
      if (stub === undefined) continue;
      if (round % 2 === 0) await evict(stub);
      else await expect(async () => stub.crash()).rejects.toThrow("crash");
    }
    expect(await chain.client.drain()).toMatchObject({ ok: true });
    await chain.expectExact();
  });

  test("its internal logs keep nothing that was processed, and their offsets go on after a restart [ENG-25, LOG-1]", async () => {
    for (const input of ["__merge-1", "__selectKey-1", "__repartition-1"]) {
      for (const stub of await chain.client.partitions(input)) {
        const before = await stub.describe({});
        const end = before.ok ? before.logEndOffset : 0;
        expect(before).toMatchObject({ logStartOffset: end, bytes: 0 });
        await evict(stub);
        expect(await stub.describe({})).toMatchObject({ logStartOffset: end, logEndOffset: end });
      }
    }
    await chain.sell(10);
    expect(await chain.client.drain()).toMatchObject({ ok: true });
    await chain.expectExact();
    const statuses = await chain.client.statuses();
    expect(statuses.every(({ lag, outbox, error }) => lag === 0 && outbox === 0 && error === undefined)).toBe(true);
  });
});
