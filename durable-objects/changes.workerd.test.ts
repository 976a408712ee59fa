import { runInDurableObject } from "cloudflare:test";
import { env as bindings } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import type { AttachRequest, TaskStatus } from "../schema/rpc/task.ts";
import type { Env } from "./env.ts";
import { batchOf, catalog, createTopic, partition, readAll, type TestRecord } from "./test/client.ts";
import { evict } from "./test/evict.ts";

const env = bindings as unknown as Env;

async function append(id: string, records: readonly TestRecord[]): Promise<void> {
  const answer = await partition(env, id).append({ batch: batchOf(records), largestRecordBytes: 100 });
  if (!answer.ok) throw new Error(answer.message);
}

async function statusOf(id: string, pipeline: string): Promise<TaskStatus> {
  const answer = await partition(env, id).tasks({ pipeline });
  const status = answer.ok ? answer.tasks[0] : undefined;
  if (status === undefined) throw new Error("no task");
  return status;
}

const sql = (id: string, query: string, ...bindings: string[]): Promise<Record<string, unknown>[]> =>
  runInDurableObject(partition(env, id), (_, state) => state.storage.sql.exec(query, ...bindings).toArray());

describe("a deploy that does not fit", () => {
  let topicId = "";
  beforeAll(async () => {
    await createTopic(env, "copy-out");
    topicId = await createTopic(env, "copy-in");
  });

  test.each([
    ["writes a topic that the task did not have at its start", "UPDATE task SET outputs = '{}'"],
    ["has a store of another kind", "UPDATE store SET kind = 'window'; UPDATE task SET layout = ''"],
  ])("leaves the partition's log and other calls alone when it %s [ENG-12]", async (_, change) => {
    await append(topicId, [{ key: "a", value: { n: 1 } }]);
    expect(await partition(env, topicId).drain({ pipeline: "copy", timeoutMs: 5_000 })).toEqual({ ok: true });
    const [task] = await sql(topicId, "SELECT outputs, layout FROM task");
    await sql(topicId, change);
    await evict(partition(env, topicId));
    await append(topicId, [{ key: "a", value: { n: 2 } }]);
    expect(await statusOf(topicId, "copy")).toMatchObject({
      state: "failed",
      lag: 1,
      error: expect.stringContaining("incompatible_change"),
    });
    expect(await catalog(env).reconcile({})).toEqual({ ok: true });
    await sql(topicId, "UPDATE store SET kind = 'keyValue'");
    await sql(topicId, "UPDATE task SET outputs = ?, layout = ?", String(task?.["outputs"]), String(task?.["layout"]));
    await evict(partition(env, topicId));
    expect(await partition(env, topicId).drain({ pipeline: "copy", timeoutMs: 5_000 })).toEqual({ ok: true });
    expect(await statusOf(topicId, "copy")).toMatchObject({ state: "running", lag: 0 });
  });

  test("memory that is read anew while a slice is prepared is not taken for a crash [ENG-4]", async () => {
    const described = await catalog(env).topic({ topic: "copy-in" });
    const config = described.ok ? described.identity.config : undefined;
    const before = await statusOf(topicId, "copy");
    await evict(partition(env, topicId));
    await runInDurableObject(partition(env, topicId), async (object, state) => {
      for (let round = 0; round < 10; round++) {
        await object.append({ batch: batchOf([{ key: "b", value: { n: round } }]), largestRecordBytes: 100 });
        for (let again = 0; again < 4; again++) {
          if (config !== undefined) await object.configure({ config });
          if (again % 2 === 0) await state.storage.sync();
        }
      }
    });
    expect(await partition(env, topicId).drain({ pipeline: "copy", timeoutMs: 5_000 })).toEqual({ ok: true });
    expect(await statusOf(topicId, "copy")).toMatchObject({ lag: 0, deadLetters: before.deadLetters });
  });
});

describe("a triggered task", () => {
  test("that was paused while records came goes on by its timer after a resume [TRG-2, ENG-13]", async () => {
    const topicId = await createTopic(env, "ticks-in");
    expect(await catalog(env).setPipelineState({ name: "ticks", state: "paused" })).toEqual({ ok: true });
    await append(topicId, [{ key: "a", value: { n: 1 } }]);
    expect(await catalog(env).setPipelineState({ name: "ticks", state: "running" })).toEqual({ ok: true });
    const answer = await partition(env, topicId).readStore({
      pipeline: "ticks",
      store: "ticks",
      query: { kind: "key", key: "a" },
      minOffset: 1,
      waitMs: 4_000,
    });
    expect(answer).toMatchObject({ ok: true, rows: [{ key: "a", value: "1" }] });
  });
});

describe("a newer incarnation", () => {
  test("begins from nothing, after the former one's outbox, of which then nothing is left [ENG-11, ENG-33]", async () => {
    await env.DB.prepare("CREATE TABLE former (id TEXT PRIMARY KEY)").run();
    const topicId = await createTopic(env, "former-in");
    await append(topicId, [
      { key: "a", value: { n: 1 } },
      { key: "a", value: { n: 2 } },
    ]);
    expect(await partition(env, topicId).drain({ pipeline: "former", timeoutMs: 200 })).toMatchObject({
      code: "timed_out",
    });
    const attached = await catalog(env).pipeline({ name: "former" });
    const incarnation = (attached.ok ? attached.pipeline.incarnation : 0) + 1_000;
    const [row] = await sql(topicId, "SELECT outputs, wiring FROM task");
    const outputs = JSON.parse(String(row?.["outputs"])) as Record<string, { topicId: string; partitions: number }>;
    const request: AttachRequest = {
      pipeline: "former",
      version: 1,
      incarnation,
      from: "earliest",
      input: "former-in",
      outputs,
      upstreams: [],
      wiring: String(row?.["wiring"]),
    };
    expect(await partition(env, topicId).attach(request)).toMatchObject({ ok: true, startOffset: 0 });
    expect(await partition(env, topicId).attach(request)).toMatchObject({ ok: true, startOffset: 0 });
    expect(await partition(env, topicId).attach({ ...request, incarnation: 1 })).toMatchObject({ ok: false });
    const newer = { ...request, incarnation: incarnation + 1, version: 2 };
    expect(await partition(env, topicId).attach(newer)).toMatchObject({ code: "stale_plan" });
    expect(await sql(topicId, "SELECT state FROM task ORDER BY id")).toEqual([
      { state: "detached" },
      { state: "running" },
    ]);
    await env.DB.prepare("ALTER TABLE former ADD COLUMN total INTEGER").run();
    await expect
      .poll(() => partition(env, topicId).drain({ pipeline: "former", timeoutMs: 5_000 }), { timeout: 20_000 })
      .toEqual({ ok: true });
    expect(await env.DB.prepare("SELECT id, total FROM former").all()).toMatchObject({
      results: [{ id: "a", total: 3 }],
    });
    expect(await sql(topicId, "SELECT incarnation, state FROM task")).toEqual([{ incarnation, state: "running" }]);
    const { results } = await env.DB.prepare("SELECT id FROM millrace_progress WHERE id LIKE 'former/%'").all();
    expect(results).toHaveLength(2);
  }, 30_000);
});

describe("what a pipeline writes", () => {
  test("its dead-letter topic is held like its others, and rows for a topic that is gone become dead letters [CAT-6, SNK-22]", async () => {
    const outId = await createTopic(env, "lost-out");
    const topicId = await createTopic(env, "lost-in");
    expect(await catalog(env).deleteTopic({ topic: "lost.dead-letters", force: false })).toMatchObject({
      ok: false,
      code: "topic_in_use",
    });
    // Gone without the Catalog's leave, as a delivery meets it that was under way when the topic was deleted.
    await partition(env, outId).erase({});
    await append(topicId, [{ key: "a", value: { n: 1 } }]);
    expect(await partition(env, topicId).drain({ pipeline: "lost", timeoutMs: 5_000 })).toEqual({ ok: true });
    await partition(env, topicId).drain({ pipeline: "lost", timeoutMs: 5_000 });
    const letters = await catalog(env).topic({ topic: "lost.dead-letters" });
    const records = await readAll(partition(env, letters.ok ? letters.identity.topicId : ""));
    expect(records).toMatchObject([
      { key: "a", value: { n: 1 }, headers: { "millrace.error": "topic lost-out was deleted" } },
    ]);
    expect(await statusOf(topicId, "lost")).toMatchObject({ deadLetters: 1, outbox: 0 });
  });
});
