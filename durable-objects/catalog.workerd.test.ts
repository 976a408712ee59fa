import { env as bindings } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import type { Env } from "./env.ts";
import { batchOf, catalog, partition, readAll } from "./test/client.ts";
import { evict } from "./test/evict.ts";

const env = bindings as unknown as Env;
const at = Date.now();
let names = 0;
const newName = (): string => `catalog-${at}-${++names}`;
const config = {};

describe("topics", () => {
  test("a topic is created once with every partition open, and the same again changes nothing [CAT-1]", async () => {
    const topic = newName();
    const created = await catalog(env).createTopic({ topic, partitions: 3, config });
    expect(created).toMatchObject({ ok: true, created: true, identity: { topic, partitions: 3 } });
    const topicId = created.ok ? created.identity.topicId : "";
    for (const number of [0, 1, 2])
      expect(await partition(env, topicId, number).describe({})).toMatchObject({ ok: true, partition: number });
    expect(await catalog(env).createTopic({ topic, partitions: 3, config })).toMatchObject({
      ok: true,
      created: false,
    });
    expect(await catalog(env).createTopic({ topic, partitions: 4, config })).toMatchObject({
      ok: false,
      code: "topic_exists",
    });
    expect(await catalog(env).createTopic({ topic, partitions: 3, config: { retentionMs: 5 } })).toMatchObject({
      code: "topic_exists",
    });
  });

  test("five equal creations at once give one topic [CAT-1]", async () => {
    const topic = newName();
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => catalog(env).createTopic({ topic, partitions: 2, config })),
    );
    const ids = new Set(answers.map((answer) => answer.ok && answer.identity.topicId));
    expect(answers.every((answer) => answer.ok)).toBe(true);
    expect(ids.size).toBe(1);
  });

  test("a topic created again after its deletion is empty, has a new id, and is not met by its old data [CAT-2]", async () => {
    const topic = newName();
    const first = await catalog(env).createTopic({ topic, partitions: 1, config });
    const firstId = first.ok ? first.identity.topicId : "";
    await partition(env, firstId).append({ batch: batchOf([{ value: "old" }]), largestRecordBytes: 10 });
    expect(await catalog(env).deleteTopic({ topic, force: false })).toEqual({ ok: true });
    expect(await catalog(env).topic({ topic })).toMatchObject({ ok: false, code: "unknown_topic" });
    expect(await catalog(env).deleteTopic({ topic, force: false })).toMatchObject({ ok: false, code: "unknown_topic" });
    const second = await catalog(env).createTopic({ topic, partitions: 1, config });
    const secondId = second.ok ? second.identity.topicId : "";
    expect(secondId).not.toBe(firstId);
    expect(await readAll(partition(env, secondId))).toEqual([]);
    expect(
      await partition(env, firstId).append({ batch: batchOf([{ value: "late" }]), largestRecordBytes: 10 }),
    ).toMatchObject({ code: "unknown_topic" });
  });

  test("settings change for every partition, and are kept [CAT-3]", async () => {
    const topic = newName();
    const created = await catalog(env).createTopic({ topic, partitions: 2, config });
    const topicId = created.ok ? created.identity.topicId : "";
    expect(await catalog(env).configureTopic({ topic, config: { maxRecordBytes: 50 } })).toMatchObject({
      ok: true,
      identity: { config: { maxRecordBytes: 50 } },
    });
    await evict(partition(env, topicId, 1));
    const refused = await partition(env, topicId, 1).append({ batch: batchOf([{ value: 1 }]), largestRecordBytes: 51 });
    expect(refused).toMatchObject({ ok: false, code: "record_too_large" });
  });

  test("two changes at once are both kept [CAT-8]", async () => {
    const topic = newName();
    const created = await catalog(env).createTopic({ topic, partitions: 2, config });
    await Promise.all([
      catalog(env).configureTopic({ topic, config: { maxRecordBytes: 50 } }),
      catalog(env).configureTopic({ topic, config: { timestampAheadMs: 7 } }),
    ]);
    expect(await catalog(env).topic({ topic })).toMatchObject({
      identity: { config: { maxRecordBytes: 50, timestampAheadMs: 7 } },
    });
    const topicId = created.ok ? created.identity.topicId : "";
    const tooLarge = await partition(env, topicId, 1).append({
      batch: batchOf([{ value: 1 }]),
      largestRecordBytes: 51,
    });
    expect(tooLarge).toMatchObject({ ok: false, code: "record_too_large" });
  });

  test("numbers handed out are never handed out again [CAT-4]", async () => {
    const answers = await Promise.all(Array.from({ length: 10 }, () => catalog(env).allocateProducer({})));
    const ids = answers.map((answer) => (answer.ok ? answer.producerId : 0));
    expect(new Set(ids).size).toBe(10);
    await evict(env.CATALOG.getByName("default"));
    const next = await catalog(env).allocateProducer({});
    expect(next.ok && next.producerId).toBeGreaterThan(Math.max(...ids));
  });
});

describe("pipelines", () => {
  test("one whose topics do not exist says what it waits for; a topic it uses is not deleted from under it [CAT-5, CAT-6]", async () => {
    expect(await catalog(env).pipeline({ name: "held" })).toMatchObject({
      ok: true,
      pipeline: {
        state: "bootstrapping",
        error: "waits for topic held-in: create it with PUT /v1/topics/held-in, and the same for held-out",
      },
    });
    await catalog(env).createTopic({ topic: "held-out", partitions: 1, config });
    const created = await catalog(env).createTopic({ topic: "held-in", partitions: 2, config });
    const topicId = created.ok ? created.identity.topicId : "";
    expect(await catalog(env).pipeline({ name: "held" })).toMatchObject({ ok: true, pipeline: { state: "running" } });
    for (const topic of ["held-in", "held-out"]) {
      expect(await catalog(env).deleteTopic({ topic, force: false })).toMatchObject({
        ok: false,
        code: "topic_in_use",
      });
    }
    expect(await catalog(env).topic({ topic: "held-in" })).toMatchObject({ ok: true, heldBy: ["held"] });
    expect(await catalog(env).deleteTopic({ topic: "held-out", force: true })).toEqual({ ok: true });
    expect(await catalog(env).pipeline({ name: "held" })).toMatchObject({
      pipeline: { state: "failed", error: "topic held-out was deleted" },
    });
    const tasks = await partition(env, topicId, 1).tasks({ pipeline: "held" });
    expect(tasks).toMatchObject({ ok: true, tasks: [{ state: "failed", error: "topic held-out was deleted" }] });
  });

  test("reconcile may be called any number of times, also at once [CAT-7]", async () => {
    const before = await catalog(env).pipelines({});
    expect(
      await Promise.all([catalog(env).reconcile({}), catalog(env).reconcile({}), catalog(env).reconcile({})]),
    ).toEqual([{ ok: true }, { ok: true }, { ok: true }]);
    expect(await catalog(env).pipelines({})).toEqual(before);
  });

  test("a pipeline that is not in the bundle is not found [CAT-5]", async () => {
    expect(await catalog(env).pipeline({ name: "nobody" })).toMatchObject({ ok: false, code: "not_found" });
    expect(await catalog(env).setPipelineState({ name: "nobody", state: "paused" })).toMatchObject({
      ok: false,
      code: "not_found",
    });
  });
});
