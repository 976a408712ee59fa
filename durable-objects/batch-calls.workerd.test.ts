import { env as bindings } from "cloudflare:workers";
import { afterEach, beforeAll, expect, test, vi } from "vitest";
import { type Called, calls } from "../pipelines/test/batch-functions.ts";
import { hooks } from "../pipelines/test/hooks.ts";
import { partitionName } from "../schema/rpc/log.ts";
import type { Env } from "./env.ts";
import { aborts } from "./test/aborts.ts";
import { batchOf, catalog, createTopic, partition, readAll } from "./test/client.ts";
import { steps } from "./test/objects.ts";
import { evict } from "./test/evict.ts";

const env = bindings as unknown as Env;
let input = "";

async function append(...numbers: readonly number[]): Promise<void> {
  const batch = batchOf(numbers.map((n) => ({ key: "k", value: { n } })));
  const answer = await partition(env, input).append({ batch, largestRecordBytes: 100 });
  if (!answer.ok) throw new Error(answer.message);
}

async function until(position: number): Promise<void> {
  await vi.waitFor(
    async () => {
      await partition(env, input).touch({});
      expect(await partition(env, input).tasks({ pipeline: "called" })).toMatchObject({ tasks: [{ position }] });
    },
    { timeout: 20_000, interval: 100 },
  );
}

async function countOf(): Promise<string | undefined> {
  const query = { kind: "key", key: "k" } as const;
  const answer = await partition(env, input).readStore({ pipeline: "called", store: "counts", query, waitMs: 0 });
  return answer.ok ? answer.rows[0]?.value : undefined;
}

beforeAll(async () => {
  input = await createTopic(env, "called-in");
});

afterEach(() => {
  steps.onStep = () => undefined;
  hooks.onValue = () => undefined;
});

test("the function has resolved before its batch is committed [MIB-7]", async () => {
  const seen: unknown[] = [];
  calls.onBatch = async (called) => {
    seen.push([called.numbers, await countOf()]);
  };
  await append(1, 2);
  await until(2);
  expect(seen).toEqual([[[1, 2], undefined]]);
  expect(await countOf()).toBe("2");
});

test("one that fails or never ends is called again with the same batch, and then the task goes on [MIB-7]", async () => {
  const seen: Called[] = [];
  calls.onBatch = (called) => {
    seen.push(called);
    if (seen.length === 1) return Promise.reject(new Error("no"));
    return seen.length === 2 ? new Promise(() => undefined) : Promise.resolve();
  };
  await append(3, 4);
  await vi.waitFor(async () => {
    expect(await partition(env, input).tasks({ pipeline: "called" })).toMatchObject({
      tasks: [{ position: 2, error: expect.stringContaining("forEachBatch-1, batch") }],
    });
  }, 10_000);
  await append(5);
  await until(5);
  expect(seen.slice(0, 3).map(({ numbers }) => numbers)).toEqual([
    [3, 4],
    [3, 4],
    [3, 4],
  ]);
  expect(new Set(seen.slice(0, 3).map(({ batchId }) => batchId)).size).toBe(1);
  expect(seen.slice(3).flatMap(({ numbers }) => numbers)).toEqual([5]);
  expect(await countOf()).toBe("5");
});

test("a batch whose object ends while the function runs comes again as it was [MIB-7]", async () => {
  const seen: Called[] = [];
  calls.onBatch = async (called) => {
    seen.push(called);
    if (seen.length === 1) aborts.get(partitionName(input, 0))?.("while a function is waited for");
  };
  await append(6, 7);
  await vi.waitFor(() => expect(seen.length).toBeGreaterThan(0), 10_000);
  await vi.waitFor(() => until(7), 20_000);
  expect(seen).toEqual([seen[0], seen[0]]);
  await evict(partition(env, input));
  expect(await countOf()).toBe("7");
});

test("so does one whose object ends behind the function, before the batch is committed [MIB-7, ENG-4]", async () => {
  const seen: Called[] = [];
  calls.onBatch = async (called) => {
    seen.push(called);
  };
  let ends = 0;
  steps.onStep = (step, name) => {
    if (step !== "commit:written" || name !== partitionName(input, 0) || ++ends > 2) return;
    aborts.get(name)?.("behind the function");
    throw new Error("ended behind the function");
  };
  await append(8, 9, 10);
  await vi.waitFor(() => until(10), 20_000);
  expect(seen).toEqual([seen[0], seen[0], seen[0]]);
  expect(seen[0]?.numbers).toEqual([8, 9, 10]);
});

test("a record that ends the object is a dead letter, and no function has seen it [MIB-7, ENG-4]", async () => {
  const seen: Called[] = [];
  calls.onBatch = async (called) => {
    seen.push(called);
  };
  hooks.onValue = (value) => {
    if ((value as { n: number }).n !== 12) return;
    aborts.get(partitionName(input, 0))?.("this record ends the object");
    throw new Error("ended by a record");
  };
  await append(11, 12, 13);
  await vi.waitFor(() => until(13), 30_000);
  expect(seen.flatMap(({ numbers }) => numbers)).toEqual([11, 13]);
  const letters = await catalog(env).topic({ topic: "called.dead-letters" });
  await vi.waitFor(async () => {
    const dead = await readAll(partition(env, letters.ok ? letters.identity.topicId : ""));
    expect(dead.map(({ value }) => value)).toEqual([{ n: 12 }]);
  }, 10_000);
});

test("a batch on which the object ends again and again behind the function stops its task, whole, until it is resumed [MIB-10]", async () => {
  const seen: Called[] = [];
  calls.onBatch = async (called) => {
    seen.push(called);
  };
  const letters = await catalog(env).topic({ topic: "called.dead-letters" });
  const lettersId = letters.ok ? letters.identity.topicId : "";
  const dead = await readAll(partition(env, lettersId));
  let ended = true;
  steps.onStep = (step, name) => {
    if (step !== "commit:written" || name !== partitionName(input, 0) || !ended) return;
    aborts.get(name)?.("behind the function");
    throw new Error("ended behind the function");
  };
  const status = await partition(env, input).tasks({ pipeline: "called" });
  const from = status.ok ? (status.tasks[0]?.position ?? 0) : 0;
  await append(14, 15, 16);
  await vi.waitFor(
    async () => {
      await partition(env, input).touch({});
      expect(await partition(env, input).tasks({ pipeline: "called" })).toMatchObject({
        tasks: [{ state: "failed", position: from, error: expect.stringContaining("behind the async function") }],
      });
    },
    { timeout: 30_000, interval: 100 },
  );
  ended = false;
  expect(await catalog(env).setPipelineState({ name: "called", state: "running" })).toEqual({ ok: true });
  await vi.waitFor(() => until(from + 3), 20_000);
  expect(new Set(seen.map(({ batchId }) => batchId)).size).toBe(1);
  expect(new Set(seen.map((each) => each.numbers.join(" ")))).toEqual(new Set(["14 15 16"]));
  expect(await readAll(partition(env, lettersId))).toEqual(dead);
});

test("a batch that is trimmed while its function runs is not run, and its id is not given again [ENG-15]", async () => {
  const seen: Called[] = [];
  const status = await partition(env, input).tasks({ pipeline: "called" });
  const from = status.ok ? (status.tasks[0]?.position ?? 0) : 0;
  calls.onBatch = async (called) => {
    seen.push(called);
    if (seen.length > 1) return;
    await append(22);
    expect(await partition(env, input).trim({ offset: from + 1 })).toEqual({ ok: true, logStartOffset: from + 1 });
  };
  const before = await countOf();
  await append(20, 21);
  await vi.waitFor(() => until(from + 3), 20_000);
  expect(seen[0]?.numbers).toEqual([20, 21]);
  expect(seen.slice(1).flatMap(({ numbers }) => numbers)).toEqual([21, 22]);
  expect(seen[1]?.batchId).toBeGreaterThan(seen[0]?.batchId ?? Infinity);
  expect(await partition(env, input).tasks({ pipeline: "called" })).toMatchObject({ tasks: [{ skippedRecords: 1 }] });
  expect(Number(await countOf())).toBe(Number(before) + 2);
});
