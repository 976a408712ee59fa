import { runInDurableObject } from "cloudflare:test";
import { env as bindings } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import type { TaskStatus } from "../schema/rpc/task.ts";
import type { Env } from "./env.ts";
import { batchOf, catalog, createTopic, partition, readAll, type TestRecord } from "./test/client.ts";
import { evict } from "./test/evict.ts";

const env = bindings as unknown as Env;
let topicId = "";

async function append(records: readonly TestRecord[]): Promise<void> {
  const answer = await partition(env, topicId).append({ batch: batchOf(records), largestRecordBytes: 100 });
  if (!answer.ok) throw new Error(answer.message);
}

async function drain(timeoutMs = 10_000): Promise<unknown> {
  return partition(env, topicId).drain({ pipeline: "rows", timeoutMs });
}

async function status(): Promise<TaskStatus> {
  const answer = await partition(env, topicId).tasks({ pipeline: "rows" });
  const found = answer.ok ? answer.tasks[0] : undefined;
  if (found === undefined) throw new Error("no task");
  return found;
}

async function ids(): Promise<unknown[]> {
  const { results } = await env.DB.prepare("SELECT id FROM rows ORDER BY id").all();
  return results.map(({ id }) => id);
}

const sql = (query: string, ...bindings: string[]): Promise<Record<string, unknown>[]> =>
  runInDurableObject(partition(env, topicId), (_, state) => state.storage.sql.exec(query, ...bindings).toArray());

beforeAll(async () => {
  await env.DB.prepare("CREATE TABLE rows (id TEXT PRIMARY KEY CHECK (id <> 'bad'))").run();
  topicId = await createTopic(env, "rows-in");
});

describe("deliveries", () => {
  test("a table that cannot take the rows holds them, and the task says why, until it can [SNK-23]", async () => {
    await append([{ value: { id: "a" } }, { value: { id: "b" } }]);
    expect(await drain(300)).toMatchObject({
      ok: false,
      code: "timed_out",
      message: expect.stringContaining("no column named text"),
    });
    expect(await status()).toMatchObject({
      state: "running",
      lag: 0,
      outbox: 1,
      error: expect.stringContaining("D1 table rows"),
    });
    await env.DB.prepare("ALTER TABLE rows ADD COLUMN text TEXT").run();
    expect(await drain()).toEqual({ ok: true });
    expect(await ids()).toEqual(["a", "b"]);
    expect((await status()).error).toBeUndefined();
  });

  test("a row that the table refuses goes to the dead letters alone, and what follows it arrives [SNK-22]", async () => {
    await append([{ value: { id: "c" } }]);
    await drain();
    // Among good ones of the same slice, and after them.
    await append([{ value: { id: "c1" } }, { value: { id: "bad" } }, { value: { id: "c2" } }]);
    await append([{ value: { id: "d" } }]);
    expect(await drain()).toEqual({ ok: true });
    expect(await ids()).toEqual(["a", "b", "c", "c1", "c2", "d"]);
    expect(await status()).toMatchObject({ deadLetters: 1 });
    await drain();
    const topic = await catalog(env).topic({ topic: "rows.dead-letters" });
    const letters = await readAll(partition(env, topic.ok ? topic.identity.topicId : ""));
    expect(letters.map(({ value }) => value)).toEqual([["bad", ""]]);
    expect(letters[0]?.headers["millrace.error"]).toContain("CHECK constraint failed");
  });

  test("tasks stop reading while the outbox is full, appends go on, and nothing is lost [ENG-7]", async () => {
    await env.DB.prepare("ALTER TABLE rows RENAME COLUMN text TO elsewhere").run();
    await append([{ value: { id: "x", text: "x", copies: 20 } }]);
    await drain(200);
    await append([{ value: { id: "y", text: "y", copies: 20 } }]);
    await drain(200);
    await append([{ value: { id: "z" } }]);
    await drain(200);
    expect(await status()).toMatchObject({ lag: 1 });
    await append([{ value: { id: "zz" } }]);
    expect(await status()).toMatchObject({ lag: 2 });
    await env.DB.prepare("ALTER TABLE rows RENAME COLUMN elsewhere TO text").run();
    expect(await drain(30_000)).toEqual({ ok: true });
    expect(await ids()).toHaveLength(6 + 20 + 20 + 2);
  }, 30_000);
});

describe("what stops a task", () => {
  test("a fault of the engine stops it with nothing half done, and a resume goes on [ENG-2, ENG-14]", async () => {
    const before = await status();
    await sql(
      "CREATE TRIGGER fault BEFORE UPDATE OF position ON task BEGIN SELECT RAISE(ABORT, 'the disk says no'); END",
    );
    await append([{ value: { id: "fault" } }]);
    expect(await drain()).toMatchObject({ ok: false, code: "pipeline_paused" });
    expect(await status()).toMatchObject({
      state: "failed",
      position: before.position,
      error: expect.stringContaining("the disk says no"),
    });
    await sql("DROP TRIGGER fault");
    expect(await partition(env, topicId).resume({ pipeline: "rows" })).toEqual({ ok: true });
    expect(await drain()).toEqual({ ok: true });
    expect(await ids()).toContain("fault");
  });

  test("stores of another shape are left alone until the code fits again [ENG-12]", async () => {
    const [row] = await sql("SELECT layout FROM task");
    const layout = String(row?.["layout"]);
    await sql("UPDATE task SET layout = 'another'");
    await evict(partition(env, topicId));
    await append([{ value: { id: "later" } }]);
    expect(await status()).toMatchObject({
      state: "failed",
      lag: 1,
      error: expect.stringContaining("incompatible_change"),
    });
    await sql("UPDATE task SET layout = ?", layout);
    await evict(partition(env, topicId));
    expect(await drain()).toEqual({ ok: true });
    expect(await ids()).toContain("later");
  });

  test("records trimmed from under a task are counted at once, and it goes on at the log's start, inside a batch too [ENG-15]", async () => {
    const { skippedRecords: before } = await status();
    await partition(env, topicId).pause({ pipeline: "rows" });
    await append([{ value: { id: "trimmed-1" } }]);
    await append([{ value: { id: "trimmed-2" } }, { value: { id: "kept" } }]);
    const { position } = await status();
    expect(await partition(env, topicId).trim({ offset: position + 2 })).toMatchObject({ ok: true });
    expect(await status()).toMatchObject({ position, skippedRecords: before + 2, lag: 1 });
    await evict(partition(env, topicId));
    await partition(env, topicId).resume({ pipeline: "rows" });
    expect(await drain()).toEqual({ ok: true });
    expect(await status()).toMatchObject({ position: position + 3, skippedRecords: before + 2, lag: 0 });
    expect(await ids()).toContain("kept");
    expect(await ids()).not.toContain("trimmed-1");
    expect(await ids()).not.toContain("trimmed-2");
  });

  test("an append has answered before a task sees its records [ENG-1]", async () => {
    const seen = await runInDurableObject(partition(env, topicId), async (object) => {
      const answer = await object.append({ batch: batchOf([{ value: { id: "turn" } }]), largestRecordBytes: 100 });
      const tasks = await object.tasks({ pipeline: "rows" });
      return { stored: answer.ok, lag: tasks.ok ? tasks.tasks[0]?.lag : undefined };
    });
    expect(seen).toEqual({ stored: true, lag: 1 });
    expect(await drain()).toEqual({ ok: true });
  });
});
