import { env as bindings } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { hooks } from "../pipelines/test/hooks.ts";
import { partitionName } from "../schema/rpc/log.ts";
import type { TaskStatus } from "../schema/rpc/task.ts";
import type { Env } from "./env.ts";
import { aborts } from "./test/aborts.ts";
import { batchOf, catalog, createTopic, partition, readAll, type TestRecord } from "./test/client.ts";
import { evict } from "./test/evict.ts";
import { steps } from "./test/objects.ts";

const env = bindings as unknown as Env;
let topicId = "";
let outId = "";
let lettersId = "";

async function append(id: string, records: readonly TestRecord[]): Promise<void> {
  const answer = await partition(env, id).append({ batch: batchOf(records), largestRecordBytes: 100 });
  if (!answer.ok) throw new Error(answer.message);
}

async function drain(id: string, pipeline: string): Promise<unknown> {
  return partition(env, id).drain({ pipeline, timeoutMs: 10_000 });
}

async function statusOf(id: string, pipeline: string): Promise<TaskStatus> {
  const answer = await partition(env, id).tasks({ pipeline });
  const status = answer.ok ? answer.tasks[0] : undefined;
  if (status === undefined) throw new Error("no task");
  return status;
}

afterEach(() => {
  hooks.onValue = () => undefined;
});

describe("a task per event", () => {
  beforeAll(async () => {
    outId = await createTopic(env, "sums-out", 1);
    topicId = await createTopic(env, "sums-in");
    const letters = await catalog(env).topic({ topic: "sums.dead-letters" });
    lettersId = letters.ok ? letters.identity.topicId : "";
  });

  test("starts when its topics exist, from the earliest offset [ENG-11]", async () => {
    const answer = await catalog(env).pipeline({ name: "sums" });
    expect(answer).toMatchObject({ ok: true, pipeline: { state: "running", version: 1 } });
  });

  test("emits each new sum to its topic exactly once, through evictions and crashes between appends [ENG-5, ENG-6, ENG-9]", async () => {
    for (let n = 1; n <= 10; n++) {
      await append(topicId, [
        { key: "a", value: { n } },
        { key: "b", value: { n: 1 } },
      ]);
      if (n === 3) await evict(partition(env, topicId));
      if (n % 4 === 0) await expect(async () => partition(env, topicId).crash()).rejects.toThrow("crash");
    }
    expect(await drain(topicId, "sums")).toEqual({ ok: true });
    const records = await readAll(partition(env, outId));
    const sumsOf = (key: string) =>
      records.filter((record) => record.key === key).map(({ value }) => (value as { sum: number }).sum);
    expect(sumsOf("a")).toEqual([1, 3, 6, 10, 15, 21, 28, 36, 45, 55]);
    expect(sumsOf("b")).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(await statusOf(topicId, "sums")).toMatchObject({ lag: 0, outbox: 0, recordsIn: 20 });
  });

  test("reads its store at the offset it says [STR-4]", async () => {
    const answer = await partition(env, topicId).readStore({
      pipeline: "sums",
      store: "sums",
      query: { kind: "key", key: "a" },
      minOffset: 20,
      waitMs: 1000,
    });
    expect(answer).toMatchObject({ ok: true, rows: [{ key: "a", value: "55" }], offset: 20, topic: "sums-in" });
    const late = await partition(env, topicId).readStore({
      pipeline: "sums",
      store: "sums",
      query: { kind: "key", key: "a" },
      minOffset: 21,
      waitMs: 5,
    });
    expect(late).toMatchObject({ ok: false, code: "timed_out" });
    const none = await partition(env, topicId).readStore({
      pipeline: "sums",
      store: "other",
      query: { kind: "key", key: "a" },
      waitMs: 0,
    });
    expect(none).toMatchObject({ ok: false, code: "not_found" });
  });

  test("a record whose function throws is a dead letter with the error, and nothing of it stays [TSK-3]", async () => {
    await append(topicId, [
      { key: "c", value: { n: 5 } },
      { key: "c", value: { n: "x" } },
      { key: "c", value: { n: 6 } },
    ]);
    expect(await drain(topicId, "sums")).toEqual({ ok: true });
    const letter = (await readAll(partition(env, lettersId))).at(-1);
    expect(letter).toMatchObject({ key: "c", value: { n: "x" } });
    expect(letter?.headers).toMatchObject({
      "millrace.error": expect.stringContaining("n is string"),
      "millrace.offset": "21",
      "millrace.pipeline": "sums",
    });
    const answer = await partition(env, topicId).readStore({
      pipeline: "sums",
      store: "sums",
      query: { kind: "key", key: "c" },
      waitMs: 0,
    });
    expect(answer).toMatchObject({ rows: [{ value: "11" }] });
  });

  test("a record that ends the object is a dead letter after three wakes on it, and its neighbours are not [ENG-4]", async () => {
    const before = (await readAll(partition(env, lettersId))).length;
    hooks.onValue = (value) => {
      if ((value as { n: unknown }).n !== 666) return;
      aborts.get(`${topicId}/0`)?.("this record ends the object");
      throw new Error("aborted");
    };
    await append(topicId, [
      { key: "d", value: { n: 1 } },
      { key: "d", value: { n: 666 } },
      { key: "d", value: { n: 2 } },
    ]);
    for (let wake = 0; wake < 10; wake++) {
      const settled = await drain(topicId, "sums").catch(() => undefined);
      if (settled !== undefined) break;
    }
    const letters = (await readAll(partition(env, lettersId))).slice(before);
    expect(letters.map(({ value }) => value)).toEqual([{ n: 666 }]);
    expect(letters[0]?.headers["millrace.error"]).toContain("object ended");
    const answer = await partition(env, topicId).readStore({
      pipeline: "sums",
      store: "sums",
      query: { kind: "key", key: "d" },
      waitMs: 0,
    });
    expect(answer).toMatchObject({ rows: [{ value: "3" }] });
  });

  test("a record that was at work when the object ended twice is processed all the same [ENG-4]", async () => {
    const before = (await readAll(partition(env, lettersId))).length;
    let ends = 0;
    hooks.onValue = (value) => {
      // The slice, then twice the record alone.
      if ((value as { n: unknown }).n !== 777 || ++ends > 3) return;
      aborts.get(`${topicId}/0`)?.("the object ends while it meets this record");
      throw new Error("aborted");
    };
    await append(topicId, [{ key: "f", value: { n: 777 } }]);
    for (let wake = 0; wake < 10; wake++) {
      const settled = await drain(topicId, "sums").catch(() => undefined);
      if (settled !== undefined) break;
    }
    expect(ends).toBe(4);
    expect(await readAll(partition(env, lettersId))).toHaveLength(before);
    const answer = await partition(env, topicId).readStore({
      pipeline: "sums",
      store: "sums",
      query: { kind: "key", key: "f" },
      waitMs: 0,
    });
    expect(answer).toMatchObject({ rows: [{ value: "777" }] });
  });

  describe("of which many records were at work when the object ended", () => {
    const RECORDS = 300;
    const many = (key: string): TestRecord[] => Array.from({ length: RECORDS }, (_, n) => ({ key, value: { n } }));
    const sumOf = async (key: string): Promise<unknown> => {
      const query = { kind: "key", key } as const;
      return partition(env, topicId).readStore({ pipeline: "sums", store: "sums", query, waitMs: 0 });
    };
    const sumOfAll = ((RECORDS - 1) * RECORDS) / 2;

    afterEach(() => {
      steps.onStep = () => undefined;
    });

    test("takes them again in few slices [ENG-4]", async () => {
      const before = (await readAll(partition(env, lettersId))).length;
      let [ends, slices] = [0, 0];
      hooks.onValue = (value) => {
        // In a slice that nobody announced, and in the first one after the wake.
        if ((value as { n: unknown }).n !== RECORDS - 1 || ++ends > 2) return;
        slices = 0;
        aborts.get(`${topicId}/0`)?.("the object ends in a long slice");
        throw new Error("aborted");
      };
      steps.onStep = (step, name) => {
        if (step === "process:begun" && name === partitionName(topicId, 0)) slices++;
      };
      await append(topicId, many("many"));
      await vi.waitFor(async () => expect(await drain(topicId, "sums")).toEqual({ ok: true }), 30_000);
      expect(ends).toBe(3);
      expect(slices).toBeLessThan(10);
      expect(await readAll(partition(env, lettersId))).toHaveLength(before);
      expect(await sumOf("many")).toMatchObject({ rows: [{ value: `${sumOfAll}` }] });
    });

    test("gives up the one of them that ends it, and takes what is appended meanwhile [ENG-4]", async () => {
      const before = (await readAll(partition(env, lettersId))).length;
      const bad = 137;
      let ends = 0;
      hooks.onValue = (value) => {
        if ((value as { n: unknown }).n !== bad) return;
        ends++;
        aborts.get(`${topicId}/0`)?.("this record ends the object");
        throw new Error("aborted");
      };
      await append(topicId, many("one-of-many"));
      await vi.waitFor(() => append(topicId, [{ key: "one-of-many", value: { n: 1 } }]), 30_000);
      await vi.waitFor(async () => expect(await drain(topicId, "sums")).toEqual({ ok: true }), 60_000);
      const letters = (await readAll(partition(env, lettersId))).slice(before);
      expect(letters.map(({ value }) => value)).toEqual([{ n: bad }]);
      expect(letters[0]?.headers["millrace.error"]).toContain("object ended");
      expect(ends).toBeLessThan(25);
      expect(await sumOf("one-of-many")).toMatchObject({ rows: [{ value: `${sumOfAll - bad + 1}` }] });
    });
  });

  test("pauses, keeps its position, and goes on [ENG-13]", async () => {
    expect(await catalog(env).setPipelineState({ name: "sums", state: "paused" })).toEqual({ ok: true });
    const { position } = await statusOf(topicId, "sums");
    await append(topicId, [{ key: "e", value: { n: 1 } }]);
    expect(await drain(topicId, "sums")).toMatchObject({ ok: false, code: "pipeline_paused" });
    expect(await statusOf(topicId, "sums")).toMatchObject({ state: "paused", position, lag: 1 });
    expect(await catalog(env).setPipelineState({ name: "sums", state: "running" })).toEqual({ ok: true });
    expect(await drain(topicId, "sums")).toEqual({ ok: true });
    expect(await statusOf(topicId, "sums")).toMatchObject({ state: "running", lag: 0 });
  });

  test("counts the rows it writes, through evictions [PIP-8]", async () => {
    const before = (await statusOf(topicId, "sums")).rowsWritten;
    await append(topicId, [
      { key: "c", value: { n: 1 } },
      { key: "c", value: { n: 1 } },
      { key: "d", value: { n: 1 } },
    ]);
    await drain(topicId, "sums");
    // Two sums, one batch to its topic, and the task itself.
    expect((await statusOf(topicId, "sums")).rowsWritten).toBe(before + 4);
    await evict(partition(env, topicId));
    expect((await statusOf(topicId, "sums")).rowsWritten).toBe(before + 4);
  });
});

describe("a task in micro-batches", () => {
  let minutesId = "";
  beforeAll(async () => {
    minutesId = await createTopic(env, "minutes-in");
  });

  test("writes windows to D1 and records to R2, each once, whatever crashes in between [TRG-4, SNK-20, SNK-21]", async () => {
    const start = 1_700_000_040_000;
    for (let n = 1; n <= 12; n++) {
      const timestampMs = start + n * 10_000;
      await append(minutesId, [
        { key: "x", value: { n }, timestampMs },
        { key: "y", value: { n: 0.5 }, timestampMs },
      ]);
      if (n % 5 === 0) expect(await drain(minutesId, "minutes")).toEqual({ ok: true });
      if (n % 3 === 0) await expect(async () => partition(env, minutesId).crash()).rejects.toThrow("crash");
    }
    expect(await drain(minutesId, "minutes")).toEqual({ ok: true });
    const { results } = await env.DB.prepare(
      "SELECT name, minute, count, sum FROM minutes ORDER BY name, minute",
    ).all();
    expect(results).toEqual([
      { name: "x", minute: start, count: 5, sum: 15 },
      { name: "x", minute: start + 60_000, count: 6, sum: 51 },
      { name: "x", minute: start + 120_000, count: 1, sum: 12 },
      { name: "y", minute: start, count: 5, sum: 2.5 },
      { name: "y", minute: start + 60_000, count: 6, sum: 3 },
      { name: "y", minute: start + 120_000, count: 1, sum: 0.5 },
    ]);
    const { objects } = await env.LAKE.list({ prefix: "minutes/" });
    const lines = await Promise.all(objects.map(async ({ key }) => (await (await env.LAKE.get(key))?.text()) ?? ""));
    const archived = lines
      .join("")
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as { n: number }).n);
    expect(archived.toSorted((a, b) => a - b)).toEqual([
      ...Array.from({ length: 12 }, () => 0.5),
      1,
      2,
      3,
      4,
      5,
      6,
      7,
      8,
      9,
      10,
      11,
      12,
    ]);
    expect(await statusOf(minutesId, "minutes")).toMatchObject({ lag: 0, outbox: 0, lastBatch: { to: 24 } });
  });

  test("runs by its timer without being asked [TRG-2]", async () => {
    await append(minutesId, [{ key: "z", value: { n: 1 }, timestampMs: 1_700_000_400_000 }]);
    const answer = await partition(env, minutesId).readStore({
      pipeline: "minutes",
      store: "minutes",
      query: { kind: "scan", fromKey: "z", fromMs: 0, toMs: Number.MAX_SAFE_INTEGER, limit: 10 },
      minOffset: 25,
      waitMs: 10_000,
    });
    expect(answer).toMatchObject({
      ok: true,
      rows: [{ key: "z", start: 1_700_000_400_000, end: 1_700_000_460_000 }],
    });
  });

  test("a D1 batch that was applied but not confirmed is not applied again [SNK-20]", async () => {
    await append(minutesId, [{ key: "w", value: { n: 1 }, timestampMs: 1_700_000_500_000 }]);
    await drain(minutesId, "minutes");
    const before = await env.DB.prepare("SELECT id, seq FROM millrace_progress WHERE id LIKE 'minutes/%'").first<{
      id: string;
      seq: number;
    }>();
    // As if the answer had been lost: the rows come again under the sequence that is already there.
    await env.DB.prepare("UPDATE millrace_progress SET seq = seq + 1 WHERE id = ?").bind(before?.id).run();
    await append(minutesId, [{ key: "w", value: { n: 1 }, timestampMs: 1_700_000_500_001 }]);
    expect(await drain(minutesId, "minutes")).toEqual({ ok: true });
    const row = await env.DB.prepare("SELECT count FROM minutes WHERE name = 'w'").first();
    expect(row).toEqual({ count: 1 });
    const after = await env.DB.prepare("SELECT seq FROM millrace_progress WHERE id = ?").bind(before?.id).first();
    expect(after).toEqual({ seq: (before?.seq ?? 0) + 1 });
  });
});
