import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env as bindings } from "cloudflare:workers";
import { afterEach, describe, expect, test, vi } from "vitest";
import { chain } from "../pipelines/test/internal-topics.ts";
import { IDLE_AFTER_MS } from "../schema/limits.ts";
import { partitionForKey } from "../schema/murmur2.ts";
import { ChainClient } from "../workers/test/chain-client.ts";
import { PipelineClient } from "../workers/test/pipeline-client.ts";
import type { Env } from "./env.ts";
import { batchOf, catalog, createTopic } from "./test/client.ts";
import { bundle, faults } from "./test/objects.ts";
import { evict } from "./test/evict.ts";

const env = bindings as unknown as Env;
const TIMEOUT_MS = 60_000;
const HOUR = 3_600_000;
const START = 1_700_000_000_000 - (1_700_000_000_000 % HOUR);

afterEach(() => {
  faults.before = () => undefined;
  faults.after = () => undefined;
  vi.restoreAllMocks();
});

async function begun(name: string, partitions: number): Promise<ChainClient> {
  bundle.push(chain(name, { partitions: 2 }).plan);
  await createTopic(env, `${name}-out`);
  for (const topic of [`${name}-a`, `${name}-b`]) await createTopic(env, topic, partitions);
  return new ChainClient(env, name);
}

describe("an internal topic", { timeout: TIMEOUT_MS }, () => {
  test("takes batches whose answers are lost once [ENG-6]", async () => {
    const chained = await begun("answerless", 2);
    let calls = 0;
    faults.after = (call, name) => {
      if (call === "deliver" && name.startsWith("__answerless.") && ++calls % 3 === 0) throw new Error("lost");
    };
    for (let round = 0; round < 5; round++) await chained.sell(10);
    await expect.poll(() => chained.client.drain(), { timeout: 30_000 }).toMatchObject({ ok: true });
    expect(calls).toBeGreaterThan(8);
    await chained.expectExact();
  });

  test("takes nothing from anybody but the tasks of its incarnation [ENG-24]", async () => {
    const chained = await begun("guarded", 1);
    const { client } = chained;
    await chained.sell(6);
    await client.drain();
    const [stub] = await client.partitions("__merge-1");
    const { topicId } = await client.input("guarded-a");
    const { incarnation } = await client.record();
    const batch = batchOf([{ key: "a", value: 1 }]);
    expect(await stub?.append({ batch, largestRecordBytes: 10 })).toMatchObject({ code: "invalid_request" });
    const source = `guarded/${incarnation}/${topicId}/0`;
    const rows = [{ sequence: 100, batch }];
    expect(await stub?.deliver({ source, rows })).toMatchObject({ code: "stale_plan" });
    expect(await stub?.deliver({ source, rows, code: { version: 1, hash: "another" } })).toMatchObject({
      code: "stale_plan",
    });
    expect(await stub?.deliver({ source: `guarded/${incarnation - 1}/${topicId}/0`, rows })).toMatchObject({
      code: "invalid_request",
    });
    await chained.expectExact();
  });

  test("waits for its own code to be that of the senders: a deploy that is half out loses nothing [ENG-24]", async () => {
    const name = "deployed";
    const chained = await begun(name, 1);
    await chained.sell(6);
    expect(await chained.client.drain()).toMatchObject({ ok: true });
    // The same plan, built of functions with another text.
    const at = bundle.findIndex((plan) => plan.name === name);
    const { plan } = chain(name, { partitions: 2 });
    const nodes = plan.nodes.map((node) =>
      node.kind === "selectKey" ? { ...node, selector: (value: unknown) => (value as { shop: string }).shop } : node,
    );
    bundle.splice(at, 1, { ...plan, nodes });
    for (const input of [`${name}-a`, `${name}-b`]) {
      for (const stub of await chained.client.partitions(input)) await evict(stub);
    }
    await chained.sell(6);
    expect(await chained.client.drain(500)).toMatchObject({
      code: "timed_out",
      message: expect.stringContaining("is read by other code"),
    });
    for (const stub of await chained.client.allPartitions()) await evict(stub);
    await expect.poll(() => chained.client.drain(), { timeout: 30_000 }).toMatchObject({ ok: true });
    await chained.expectExact();
  });

  test("is not read by code that is cut otherwise, until the former is back [ENG-12]", async () => {
    const name = "recut";
    const chained = await begun(name, 1);
    await chained.sell(6);
    expect(await chained.client.drain()).toMatchObject({ ok: true });
    const at = bundle.findIndex((plan) => plan.name === name);
    const former = bundle[at];
    bundle.splice(at, 1, chain(name, { partitions: 5 }).plan);
    for (const stub of await chained.client.allPartitions()) await evict(stub);
    for (const { state, error } of await chained.client.statuses()) {
      expect({ state, error }).toEqual({ state: "failed", error: expect.stringContaining("incompatible_change") });
    }
    if (former !== undefined) bundle.splice(at, 1, former);
    for (const stub of await chained.client.allPartitions()) await evict(stub);
    await chained.sell(6);
    await expect.poll(() => chained.client.drain(), { timeout: 30_000 }).toMatchObject({ ok: true });
    await chained.expectExact();
  });
});

describe("all tasks of a pipeline", { timeout: TIMEOUT_MS }, () => {
  test("drain in their order, whatever the trigger [PIP-6]", async () => {
    const name = "slow-chain";
    for (const topic of [`${name}-out`, `${name}-a`, `${name}-b`]) await createTopic(env, topic);
    const chained = new ChainClient(env, name);
    await chained.sell(20);
    expect(await chained.client.drain()).toMatchObject({ ok: true });
    const { inputs } = await chained.client.record();
    expect(inputs.map(({ input }) => input)).toEqual([
      `${name}-a`,
      `${name}-b`,
      "__merge-1",
      "__selectKey-1",
      "__repartition-1",
    ]);
    for (const { lag, outbox } of await chained.client.statuses())
      expect({ lag, outbox }).toEqual({ lag: 0, outbox: 0 });
    expect((await chained.client.store("regions")).size).toBe(3);
  });

  test("pause, resume and fail together [PIP-7]", async () => {
    const chained = await begun("together", 2);
    const states = async (): Promise<Set<string>> =>
      new Set((await chained.client.statuses()).map(({ state }) => state));
    expect(await catalog(env).setPipelineState({ name: "together", state: "paused" })).toEqual({ ok: true });
    expect(await states()).toEqual(new Set(["paused"]));
    await chained.sell(12);
    expect(await chained.client.drain()).toMatchObject({ code: "pipeline_paused" });
    expect(await catalog(env).setPipelineState({ name: "together", state: "running" })).toEqual({ ok: true });
    expect(await chained.client.drain()).toMatchObject({ ok: true });
    await chained.expectExact();
    expect(await catalog(env).deleteTopic({ topic: "together-a", force: false })).toMatchObject({
      code: "topic_in_use",
    });
    expect(await catalog(env).deleteTopic({ topic: "together-a", force: true })).toEqual({ ok: true });
    expect(await catalog(env).pipeline({ name: "together" })).toMatchObject({ pipeline: { state: "failed" } });
    chained.client.forget();
    expect(await states()).toEqual(new Set(["failed"]));
  });
});

describe("time across an internal topic", { timeout: TIMEOUT_MS }, () => {
  const ALL = partitionForKey(new TextEncoder().encode("all"), 2);

  async function started(name: string): Promise<PipelineClient> {
    await createTopic(env, `${name}-in`, 2);
    return new PipelineClient(env, name);
  }

  test("progress that was held back is told by a timer, also to a partition that got no record [ENG-22]", async () => {
    const client = await started("hourly");
    const silent = (await client.partitions("__selectKey-1"))[1 - ALL];
    const endOf = async (): Promise<number> => {
      const described = await silent?.describe({});
      return described?.ok === true ? described.logEndOffset : 0;
    };
    await client.append("hourly-in", 0, [{ key: "k", value: { shop: "a" }, timestampMs: START }]);
    await client.append("hourly-in", 0, [{ key: "k", value: { shop: "a" }, timestampMs: START + HOUR }]);
    await client.append("hourly-in", 0, [{ key: "k", value: { shop: "a" }, timestampMs: START + 2 * HOUR }]);
    await client.drain();
    await expect
      .poll(() => upstreamsOf(client, 1 - ALL), { timeout: 10_000 })
      .toMatchObject({ reached: [START + 2 * HOUR, null] });
    expect(await endOf()).toBeLessThanOrEqual(3);
  });

  /** What the task behind the internal topic knows of those before it. */
  async function upstreamsOf(client: PipelineClient, number: number): Promise<{ reached: unknown[]; idle: number[] }> {
    const stub = (await client.partitions("__selectKey-1"))[number];
    if (stub === undefined) throw new Error("no such partition");
    const { progress } = await runInDurableObject(stub, (_, { storage }) =>
      storage.sql.exec<{ progress: string }>("SELECT progress FROM task").one(),
    );
    return (JSON.parse(progress) as { upstreams: { reached: unknown[]; idle: number[] } }).upstreams;
  }

  const sale = (timestampMs: number) => [{ key: "k", value: { shop: "a" }, timestampMs }];

  test("a partition without records holds it back until it says, once, that it is idle [ENG-20, ENG-23, PIP-7]", async () => {
    const client = await started("quiet");
    await client.append("quiet-in", 0, sale(START));
    await client.append("quiet-in", 0, sale(START + 5 * HOUR));
    expect(await client.drain()).toMatchObject({ ok: true });
    const heldBackBy = async () =>
      (await client.statuses()).find(({ topic, partition }) => topic === "__selectKey-1" && partition === ALL)
        ?.heldBackBy;
    expect(await heldBackBy()).toEqual(["quiet-in/1"]);

    const [, empty] = await client.partitions("quiet-in");
    if (empty === undefined) throw new Error("there are two");
    // Memory does not last so long.
    await evict(empty);
    const now = Date.now();
    const later = (ms: number): unknown => vi.spyOn(Date, "now").mockImplementation(() => now + ms);
    later(IDLE_AFTER_MS + 20_000);
    expect(await runDurableObjectAlarm(empty)).toBe(true);
    expect(await client.drain()).toMatchObject({ ok: true });
    // The alarm was so late that there was an outage, so the time begins anew.
    expect(await heldBackBy()).toEqual(["quiet-in/1"]);
    later(2 * IDLE_AFTER_MS + 20_001);
    expect(await runDurableObjectAlarm(empty)).toBe(true);
    expect(await client.drain()).toMatchObject({ ok: true });
    expect(await heldBackBy()).toEqual(["quiet-in/0"]);
    await evict(empty);
    await empty.touch({});
    const timers = await runInDurableObject(empty, (_, { storage }) =>
      storage.sql.exec("SELECT name FROM timer WHERE name LIKE 'idle:%'").toArray(),
    );
    expect(timers).toEqual([]);

    vi.restoreAllMocks();
    expect((await upstreamsOf(client, 1 - ALL)).idle).toEqual([1]);
    await client.append("quiet-in", 1, sale(START + HOUR));
    expect(await client.drain()).toMatchObject({ ok: true });
    // Also those know it that get no record.
    for (const number of [0, 1]) expect((await upstreamsOf(client, number)).idle).toEqual([]);
  });

  test("one that has said that it is idle tells no progress after that, though it was due [ENG-22, ENG-23]", async () => {
    const client = await started("told");
    await client.append("told-in", 0, sale(START));
    await client.append("told-in", 1, sale(START));
    await client.append("told-in", 1, sale(START + 5 * HOUR));
    expect(await client.drain()).toMatchObject({ ok: true });
    const [, idle] = await client.partitions("told-in");
    if (idle === undefined) throw new Error("there are two");
    const now = Date.now();
    // Records came while the time ran, so it runs once more.
    for (const times of [1, 2]) {
      vi.spyOn(Date, "now").mockImplementation(() => now + times * (IDLE_AFTER_MS + 1));
      expect(await runDurableObjectAlarm(idle)).toBe(true);
      expect(await client.drain()).toMatchObject({ ok: true });
    }
    expect((await upstreamsOf(client, ALL)).idle).toContain(1);
    // As if it had been held back; and memory forgets what was told.
    await runInDurableObject(idle, (_, { storage }) => {
      storage.sql.exec("INSERT OR REPLACE INTO timer (name, due_ms) SELECT 'progress:' || id, ? FROM task", Date.now());
    });
    await evict(idle);
    await idle.touch({});
    await runDurableObjectAlarm(idle);
    const waiting = "SELECT name FROM timer WHERE name LIKE 'progress:%' UNION ALL SELECT target FROM outbox";
    await expect
      .poll(() => runInDurableObject(idle, (_, { storage }) => storage.sql.exec(waiting).toArray()), {
        timeout: 10_000,
      })
      .toEqual([]);
    expect(await client.drain()).toMatchObject({ ok: true });
    expect((await upstreamsOf(client, ALL)).idle).toContain(1);
  });

  test("a partition that was idle and cannot run holds it back from its next record on [ENG-23]", async () => {
    const client = await started("stopped");
    await client.append("stopped-in", 0, sale(START));
    const [, stopped] = await client.partitions("stopped-in");
    if (stopped === undefined) throw new Error("there are two");
    const now = Date.now();
    vi.spyOn(Date, "now").mockImplementation(() => now + IDLE_AFTER_MS + 1);
    expect(await runDurableObjectAlarm(stopped)).toBe(true);
    expect(await client.drain()).toMatchObject({ ok: true });
    vi.restoreAllMocks();
    expect((await upstreamsOf(client, ALL)).idle).toEqual([1]);
    expect(await stopped.fail({ pipeline: "stopped", reason: "a test" })).toEqual({ ok: true });
    expect((await upstreamsOf(client, ALL)).idle).toEqual([1]);
    await client.append("stopped-in", 1, sale(START));
    await stopped.touch({});
    await expect.poll(async () => (await upstreamsOf(client, ALL)).idle, { timeout: 10_000 }).toEqual([]);
  });
});
