import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env as bindings } from "cloudflare:workers";
import { afterEach, describe, expect, test, vi } from "vitest";
import { hooks } from "../pipelines/test/hooks.ts";
import { calls } from "../pipelines/test/quiet.ts";
import { partitionName } from "../schema/rpc/log.ts";
import type { Env } from "./env.ts";
import { aborts } from "./test/aborts.ts";
import { batchOf, catalog, createTopic, partition, readAll } from "./test/client.ts";
import { evict } from "./test/evict.ts";

const env = bindings as unknown as Env;
const MINUTE = 60_000;
const TIMEOUT_MS = 60_000;

afterEach(() => {
  vi.restoreAllMocks();
  hooks.onValue = () => undefined;
});

async function append(id: string, ...times: readonly number[]): Promise<void> {
  const batch = batchOf(times.map((timestampMs) => ({ key: "k", value: 1, timestampMs })));
  const answer = await partition(env, id).append({ batch, largestRecordBytes: 100 });
  if (!answer.ok) throw new Error(answer.message);
}

async function valuesIn(id: string): Promise<unknown[]> {
  return (await readAll(partition(env, id))).map(({ value }) => value);
}

/** Waits for what runs by itself. */
async function eventually(id: string, values: readonly unknown[]): Promise<void> {
  await vi.waitFor(async () => expect(await valuesIn(id)).toEqual(values), { timeout: 20_000, interval: 50 });
}

async function topics(name: string): Promise<{ input: string; out: string }> {
  const out = await createTopic(env, `${name}-out`);
  return { out, input: await createTopic(env, `${name}-in`) };
}

async function caughtUp(id: string, pipeline: string, position: number): Promise<void> {
  await vi.waitFor(async () => {
    const answer = await partition(env, id).tasks({ pipeline });
    expect(answer).toMatchObject({ tasks: [{ position }] });
  });
}

/** It stops, after some wakes. */
async function failed(id: string, pipeline: string): Promise<void> {
  await vi.waitFor(
    async () => {
      await partition(env, id)
        .touch({})
        .catch(() => undefined);
      const answer = await partition(env, id).tasks({ pipeline });
      expect(answer).toMatchObject({
        tasks: [{ state: "failed", error: expect.stringContaining("while time went on") }],
      });
    },
    { timeout: 20_000, interval: 50 },
  );
}

function journalOf(id: string): Promise<{ position: number; kind: string; payload: string }[]> {
  return runInDurableObject(partition(env, id), (_, { storage }) =>
    storage.sql
      .exec<{ position: number; kind: string; payload: string }>("SELECT position, kind, payload FROM journal")
      .toArray(),
  );
}

const closed = (...windows: readonly (readonly [start: number, count: number])[]): unknown[] =>
  windows.map(([start, count]) => ({ start, count }));

describe("where nothing comes", { timeout: TIMEOUT_MS }, () => {
  test.each(["calm", "calm-batches"])(
    "windows behind an internal topic close after the quiet they ask for, once, and time goes on from there (%s) [WIN-20, ENG-23, ENG-28]",
    async (name) => {
      const { input, out } = await topics(name);
      await append(input, 100, 200, 1_100);
      await eventually(out, closed([0, 2], [1_000, 1]));
      await append(input, 9_000);
      await eventually(out, closed([0, 2], [1_000, 1], [9_000, 1]));
      // What has closed takes no more.
      await append(input, 1_200, 20_000);
      await eventually(out, closed([0, 2], [1_000, 1], [9_000, 1], [20_000, 1]));
    },
  );

  test("a record of a join that matches none comes out [WIN-20, ENG-28]", async () => {
    const out = await createTopic(env, "calm-join-out");
    const others = await createTopic(env, "calm-join-others");
    const input = await createTopic(env, "calm-join-in");
    await append(others, 5_000);
    await append(input, 5_500, 9_000);
    await eventually(out, [
      [1, 1],
      [1, null],
    ]);
  });

  test("a timer of a processor fires, over an eviction, once [PRC-10, ENG-28]", async () => {
    const { input, out } = await topics("calm-timers");
    await append(input, 100, 300);
    await evict(partition(env, input));
    await eventually(out, [800, 1_000]);
    await append(input, 900);
    await eventually(out, [800, 1_000, 1_600]);
  });

  test("a tick is journaled before it runs, so that a crash in it changes nothing [ENG-28]", async () => {
    const { input, out } = await topics("calm-crash");
    await append(input, 100, 1_100);
    await caughtUp(input, "calm-crash", 2);
    await eventually(out, closed([0, 1]));
    // Memory does not last so long.
    await evict(partition(env, input));
    const now = Date.now();
    vi.spyOn(Date, "now").mockImplementation(() => now + MINUTE + 1_000);
    let lives = 0;
    hooks.onValue = () => {
      if (++lives === 1) aborts.get(partitionName(input, 0))?.("the object ends while a window closes");
    };
    await runDurableObjectAlarm(partition(env, input)).catch(() => undefined);
    await vi.waitFor(async () => {
      await partition(env, input).touch({});
      expect(await valuesIn(out)).toEqual(closed([0, 1], [1_000, 1]));
    });
    expect(lives).toBeGreaterThan(1);
    const ticks = (await journalOf(input)).filter(({ kind }) => kind === "tick");
    expect(ticks).toHaveLength(1);
    expect(ticks[0]).toMatchObject({ position: 2 });
    const { nowMs, eventTimeMs } = JSON.parse(ticks[0]?.payload ?? "{}") as { nowMs: number; eventTimeMs: number };
    expect(nowMs).toBe(now + MINUTE + 1_000);
    expect(eventTimeMs).toBeGreaterThanOrEqual(1_100 + MINUTE);
  });

  test("a function that never ends in a tick stops its task, which can be resumed, and appends go on [ENG-4, ENG-28]", async () => {
    const { input, out } = await topics("calm-loop");
    await append(input, 1_100);
    await caughtUp(input, "calm-loop", 1);
    const now = Date.now();
    vi.spyOn(Date, "now").mockImplementation(() => now + MINUTE + 1_000);
    hooks.onValue = () => aborts.get(partitionName(input, 0))?.("the object ends whenever a window closes");
    await runDurableObjectAlarm(partition(env, input)).catch(() => undefined);
    await failed(input, "calm-loop");
    await append(input, 2_200);
    expect(await valuesIn(out)).toEqual([]);
    hooks.onValue = () => undefined;
    expect(await catalog(env).setPipelineState({ name: "calm-loop", state: "running" })).toEqual({ ok: true });
    await eventually(out, closed([1_000, 1]));
  });

  test("so does one in front of an async function, which has seen nothing then [ENG-4, ENG-28, MIB-7]", async () => {
    const name = "calm-calls-loop";
    const input = await createTopic(env, `${name}-in`);
    const given: unknown[] = [];
    calls.onBatch = (_batchId, values) => {
      given.push(...values);
      return Promise.resolve();
    };
    await append(input, 1_100);
    await caughtUp(input, name, 1);
    // Its last alarm, after an empty run: one that is late would be an outage.
    await vi.waitFor(async () => {
      const timers = await runInDurableObject(partition(env, input), (_, { storage }) =>
        storage.sql.exec("SELECT name FROM timer WHERE name LIKE 'run:%'").toArray(),
      );
      expect(timers).toEqual([]);
    });
    const now = Date.now();
    vi.spyOn(Date, "now").mockImplementation(() => now + MINUTE + 1_000);
    hooks.onValue = () => aborts.get(partitionName(input, 0))?.("the object ends whenever a window closes");
    await runDurableObjectAlarm(partition(env, input)).catch(() => undefined);
    await failed(input, name);
    expect(given).toEqual([]);
    hooks.onValue = () => undefined;
    expect(await catalog(env).setPipelineState({ name, state: "running" })).toEqual({ ok: true });
    await vi.waitFor(() => expect(given).toEqual(closed([1_000, 1])), { timeout: 20_000, interval: 50 });
  });

  test("an outage is not quiet [ENG-28]", async () => {
    const { input, out } = await topics("calm-outage");
    await append(input, 1_100);
    await caughtUp(input, "calm-outage", 1);
    const now = Date.now();
    const later = (ms: number): unknown => vi.spyOn(Date, "now").mockImplementation(() => now + ms);
    later(MINUTE + 20_000);
    await evict(partition(env, input));
    expect(await runDurableObjectAlarm(partition(env, input))).toBe(true);
    await caughtUp(input, "calm-outage", 1);
    expect((await journalOf(input)).map(({ kind }) => kind)).toEqual([]);
    later(2 * MINUTE + 20_001);
    expect(await runDurableObjectAlarm(partition(env, input))).toBe(true);
    await eventually(out, closed([1_000, 1]));
  });

  test("an async function over batches is called with what closes, again until it succeeds [MIB-7, ENG-28]", async () => {
    const input = await createTopic(env, "calm-calls-in");
    const given: { batchId: number; values: readonly unknown[] }[] = [];
    calls.onBatch = (batchId, values) => {
      if (values.length > 0) given.push({ batchId, values });
      return given.length === 1 ? Promise.reject(new Error("not now")) : Promise.resolve();
    };
    await append(input, 100);
    await vi.waitFor(() => expect(given).toHaveLength(2), { timeout: 20_000, interval: 50 });
    expect(given[0]).toEqual(given[1]);
    expect(given[0]?.values).toEqual(closed([0, 1]));
    await append(input, 5_000);
    await vi.waitFor(() => expect(given).toHaveLength(3), { timeout: 20_000, interval: 50 });
    expect(given[2]?.batchId).toBeGreaterThan(given[1]?.batchId ?? Infinity);
  });

  test("a redriven batch that waits for its function comes before the tick that is due, each with its own id [ERR-11]", async () => {
    const name = "calm-redriven";
    const input = await createTopic(env, `${name}-in`);
    const given: { batchId: number; values: readonly unknown[] }[] = [];
    calls.onBatch = (batchId, values) => {
      if (values.length > 0) given.push({ batchId, values });
      return given.length === 1 ? Promise.reject(new Error("not now")) : Promise.resolve();
    };
    await append(input, 100);
    await caughtUp(input, name, 1);
    hooks.onValue = () => {
      throw new Error("no");
    };
    await append(input, 5_100);
    await caughtUp(input, name, 2);
    hooks.onValue = () => undefined;
    const letter = {
      partition: 0,
      offset: 0,
      kind: "record",
      taskOffset: 1,
      key: new Uint8Array(new TextEncoder().encode("k")),
    } as const;
    const tasks = await partition(env, input).tasks({ pipeline: name });
    const incarnation = tasks.ok ? (tasks.tasks[0]?.incarnation ?? 0) : 0;
    const record = { value: new Uint8Array(new TextEncoder().encode("1")), timestampMs: 5_100, headers: [] };
    const now = Date.now();
    vi.spyOn(Date, "now").mockImplementation(() => now);
    const letters = [{ ...letter, ...record, incarnation }];
    expect(await partition(env, input).redrive({ pipeline: name, incarnation, letters })).toMatchObject({ waiting: 1 });
    await vi.waitFor(() => expect(given).toHaveLength(1), { timeout: 20_000, interval: 20 });
    vi.spyOn(Date, "now").mockImplementation(() => now + MINUTE + 1_000);
    await vi.waitFor(
      async () => {
        await runDurableObjectAlarm(partition(env, input));
        expect(given).toHaveLength(3);
      },
      { timeout: 20_000, interval: 50 },
    );
    expect(given.map(({ values }) => values)).toEqual([closed([0, 1]), closed([0, 1]), closed([5_000, 1])]);
    const [first, second, third] = given.map(({ batchId }) => batchId);
    expect(second).toBe(first);
    expect(third).toBeGreaterThan(second ?? Infinity);
  });
});
