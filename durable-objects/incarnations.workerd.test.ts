import { runInDurableObject } from "cloudflare:test";
import { env as bindings } from "cloudflare:workers";
import { afterEach, describe, expect, test } from "vitest";
import { chain, lastAmounts } from "../pipelines/test/internal-topics.ts";
import { ChainClient } from "../workers/test/chain-client.ts";
import { PipelineClient } from "../workers/test/pipeline-client.ts";
import type { Env } from "./env.ts";
import { catalog, createTopic, partition } from "./test/client.ts";
import { bundle, faults } from "./test/objects.ts";
import { evict } from "./test/evict.ts";

const env = bindings as unknown as Env;
const TIMEOUT_MS = 180_000;

afterEach(() => {
  faults.before = () => undefined;
  faults.after = () => undefined;
});

async function reconcile(): Promise<void> {
  expect(await catalog(env).reconcile({})).toEqual({ ok: true });
}

describe("a start", { timeout: TIMEOUT_MS }, () => {
  test("interrupted before or after any call is finished by the next, under its incarnation [CAT-9, CAT-10]", async () => {
    const name = "begun";
    bundle.push(chain(name, { partitions: 2 }).plan);
    for (const topic of [`${name}-out`, `${name}-a`, `${name}-b`]) await createTopic(env, topic);
    const chained = new ChainClient(env, name);
    await chained.sell(6);
    expect(await chained.client.drain()).toMatchObject({ ok: true });
    // Four partitions of internal topics are opened, tasks of the former version end in six, and those of the newer begin.
    for (let call = 0; call < 2 * 16; call++) {
      bundle.push(chain(name, { partitions: 2 }).version(call + 2).plan);
      let left = call >> 1;
      faults[call % 2 === 0 ? "before" : "after"] = (what, object) => {
        if (what !== "deliver" && !object.includes("-starts-") && left-- === 0) throw new Error("the object is gone");
      };
      await createTopic(env, `${name}-starts-${call}`).catch(() => undefined);
      faults.before = faults.after = () => undefined;
      const begun = await chained.client.record();
      expect({ call, ...begun }).toMatchObject({ state: "bootstrapping", error: expect.stringContaining("is gone") });
      await evict(env.CATALOG.getByName("default"));
      await createTopic(env, `${name}-goes-on-${call}`);
      const finished = await chained.client.record();
      expect({ call, ...finished }).toMatchObject({ state: "running", incarnation: begun.incarnation });
      chained.replaced();
      await chained.sell(1);
      expect(await chained.client.drain()).toMatchObject({ ok: true });
      await chained.expectExact();
    }
    const { incarnation } = await chained.client.record();
    const topics = await runInDurableObject(env.CATALOG.getByName("default"), (_, { storage }) =>
      storage.sql.exec<{ name: string }>("SELECT name FROM topic WHERE name GLOB '__begun.*'").toArray(),
    );
    expect(topics.map((topic) => topic.name)).toEqual(
      ["merge-1", "repartition-1", "selectKey-1"].map((node) => `__begun.${incarnation}.${node}`),
    );
  });

  test("that is not at its end can neither be paused nor resumed [CAT-9]", async () => {
    bundle.push(chain("half-begun", { partitions: 1 }).plan);
    for (const topic of ["half-begun-out", "half-begun-b"]) await createTopic(env, topic);
    faults.before = (call) => {
      if (call === "attach") throw new Error("the object is gone");
    };
    await createTopic(env, "half-begun-a");
    expect(await catalog(env).setPipelineState({ name: "half-begun", state: "paused" })).toMatchObject({
      code: "pipeline_paused",
    });
  });
});

describe("a newer version", { timeout: TIMEOUT_MS }, () => {
  test("begins from the beginning, and of the former one's internal topics nothing is left [ENG-11, CAT-10]", async () => {
    const name = "newer-chain";
    await createTopic(env, `${name}-out`);
    for (const topic of [`${name}-a`, `${name}-b`]) await createTopic(env, topic, 2);
    const chained = new ChainClient(env, name);
    await chained.sell(30);
    expect(await chained.client.drain()).toMatchObject({ ok: true });
    await chained.expectExact();
    const former = await chained.client.record();

    bundle.push(chain(name, { partitions: 3 }).version(2).plan);
    await reconcile();
    chained.replaced();
    const { version, incarnation, inputs } = await chained.client.record();
    expect(version).toBe(2);
    expect(incarnation).toBeGreaterThan(former.incarnation);
    expect(inputs.find(({ input }) => input === "__repartition-1")).toMatchObject({ partitions: 3 });
    await chained.sell(30);
    expect(await chained.client.drain()).toMatchObject({ ok: true });
    await chained.expectExact();

    for (const { input, topicId } of former.inputs.filter((each) => each.input.startsWith("__"))) {
      const topic = `__${name}.${former.incarnation}.${input.slice(2)}`;
      expect(await catalog(env).topic({ topic })).toMatchObject({ code: "unknown_topic" });
      expect(await partition(env, topicId).describe({})).toMatchObject({ code: "unknown_topic" });
    }
    const statuses = await chained.client.statuses();
    expect(new Set(statuses.map((status) => status.incarnation))).toEqual(new Set([incarnation]));
  });

  test("of which tasks are elsewhere waits for what the former still delivers to the same table [ENG-11]", async () => {
    await env.DB.prepare("CREATE TABLE moved (shop TEXT PRIMARY KEY)").run();
    await createTopic(env, "moved-in");
    const client = new PipelineClient(env, "moved");
    await client.append("moved-in", 0, [{ key: "k", value: { shop: "ash", amount: 1 } }]);
    expect(await client.drain(300)).toMatchObject({ code: "timed_out" });

    bundle.push(lastAmounts("moved", { byShop: true }).version(2).plan);
    await reconcile();
    const waits = "waits for what the version before it has still to deliver to d1:moved";
    await expect.poll(() => client.record()).toMatchObject({ state: "bootstrapping", version: 2, error: waits });
    await client.append("moved-in", 0, [{ key: "k", value: { shop: "ash", amount: 2 } }]);

    await env.DB.prepare("ALTER TABLE moved ADD COLUMN amount INTEGER").run();
    await expect
      .poll(
        async () => {
          await reconcile();
          return (await client.record()).state;
        },
        { timeout: 30_000, interval: 500 },
      )
      .toBe("running");
    client.forget();
    expect(await client.drain()).toMatchObject({ ok: true });
    const { results } = await env.DB.prepare("SELECT shop, amount FROM moved").all();
    expect(results).toEqual([{ shop: "ash", amount: 1_002 }]);
  });
});
