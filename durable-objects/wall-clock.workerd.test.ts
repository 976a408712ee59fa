import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env as bindings } from "cloudflare:workers";
import { afterEach, describe, expect, test, vi } from "vitest";
import { hooks } from "../pipelines/test/hooks.ts";
import { partitionName } from "../schema/rpc/log.ts";
import type { Env } from "./env.ts";
import { aborts } from "./test/aborts.ts";
import { batchOf, catalog, createTopic, partition, readAll } from "./test/client.ts";
import { evict } from "./test/evict.ts";

const env = bindings as unknown as Env;
const HOUR = 3_600_000;
const TIMEOUT_MS = 60_000;

afterEach(() => {
  vi.restoreAllMocks();
  hooks.onValue = () => undefined;
});

async function append(id: string, ...given: readonly (readonly [key: string, inMs: number])[]): Promise<void> {
  const batch = batchOf(given.map(([key, inMs]) => ({ key, value: { inMs } })));
  const answer = await partition(env, id).append({ batch, largestRecordBytes: 100 });
  if (!answer.ok) throw new Error(answer.message);
}

async function valuesIn(id: string): Promise<unknown[]> {
  return (await readAll(partition(env, id))).map(({ key, value }) => [key, value]);
}

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

function journalOf(id: string): Promise<{ position: number; kind: string; payload: string }[]> {
  return runInDurableObject(partition(env, id), (_, { storage }) =>
    storage.sql
      .exec<{ position: number; kind: string; payload: string }>("SELECT position, kind, payload FROM journal")
      .toArray(),
  );
}

describe("timers by the clock on the wall", { timeout: TIMEOUT_MS }, () => {
  test.each(["alarmed", "alarmed-batches"])(
    "fire though nothing comes, and the clock that was looked at is in the journal (%s) [PRC-8, PRC-9]",
    async (name) => {
      const { input, out } = await topics(name);
      await append(input, ["a", 1_500], ["b", 1_000], ["a", 0]);
      await eventually(out, [
        ["b", 1],
        ["a", 2],
      ]);
      await append(input, ["a", 300]);
      await eventually(out, [
        ["b", 1],
        ["a", 2],
        ["a", 1],
      ]);
      const journal = await journalOf(input);
      expect(journal[0]).toMatchObject({ kind: name === "alarmed" ? "clock" : "microBatch", position: 0 });
      const ticks = journal.filter(({ kind }) => kind === "tick").map(({ position }) => position);
      expect(ticks).toEqual([3, 3, 4]);
    },
  );

  test("outlive the object, fire once after an outage, and once over a crash in the middle [PRC-8]", async () => {
    const { input, out } = await topics("alarmed-late");
    await append(input, ["a", HOUR], ["b", HOUR + 1]);
    await caughtUp(input, "alarmed-late", 2);
    await evict(partition(env, input));
    const now = Date.now();
    vi.spyOn(Date, "now").mockImplementation(() => now + 3 * HOUR);
    let fired = 0;
    hooks.onValue = () => {
      if (++fired === 2) aborts.get(partitionName(input, 0))?.("the object ends between two timers");
    };
    await runDurableObjectAlarm(partition(env, input)).catch(() => undefined);
    await vi.waitFor(async () => {
      await partition(env, input).touch({});
      expect(await valuesIn(out)).toEqual([
        ["a", 1],
        ["b", 1],
      ]);
    });
    expect(fired).toBe(4);
    expect((await journalOf(input)).filter(({ kind }) => kind === "tick")).toHaveLength(1);
  });

  test("one that never ends stops its task and no record is blamed; appends go on [PRC-8, ENG-4]", async () => {
    const { input, out } = await topics("alarmed-loop");
    await append(input, ["a", 200]);
    hooks.onValue = () => aborts.get(partitionName(input, 0))?.("the object ends whenever the timer fires");
    await vi.waitFor(
      async () => {
        const answer = await partition(env, input).tasks({ pipeline: "alarmed-loop" });
        expect(answer).toMatchObject({
          tasks: [{ state: "failed", error: expect.stringContaining("while time went on"), deadLetters: 0 }],
        });
      },
      { timeout: 20_000, interval: 50 },
    );
    await append(input, ["b", 100]);
    hooks.onValue = () => undefined;
    expect(await catalog(env).setPipelineState({ name: "alarmed-loop", state: "running" })).toEqual({ ok: true });
    await eventually(out, [
      ["a", 1],
      ["b", 1],
    ]);
  });

  test("fire when a pipeline that runs only when asked is asked, and not before [PRC-8]", async () => {
    const { input, out } = await topics("alarmed-when-asked");
    const name = "alarmed-when-asked";
    await append(input, ["a", 100]);
    await partition(env, input).run({ pipeline: name });
    await caughtUp(input, name, 1);
    const timers = await runInDurableObject(partition(env, input), (_, { storage }) =>
      storage.sql.exec("SELECT name FROM timer WHERE name LIKE 'tick:%'").toArray(),
    );
    expect(timers).toEqual([]);
    await vi.waitFor(
      async () => {
        await partition(env, input).run({ pipeline: name });
        expect(await valuesIn(out)).toEqual([["a", 1]]);
      },
      { timeout: 10_000, interval: 100 },
    );
  });

  test("fire between two slices of a backlog [PRC-8]", async () => {
    const { input, out } = await topics("alarmed-backlog");
    expect(await catalog(env).setPipelineState({ name: "alarmed-backlog", state: "paused" })).toEqual({ ok: true });
    const rest = Array.from({ length: 12_000 }, () => ["b", HOUR] as const);
    await append(input, ["a", 10], ...rest);
    // Every look at the clock takes its time.
    let now = Date.now();
    vi.spyOn(Date, "now").mockImplementation(() => (now += 60));
    expect(await catalog(env).setPipelineState({ name: "alarmed-backlog", state: "running" })).toEqual({ ok: true });
    await eventually(out, [["a", 1]]);
    await caughtUp(input, "alarmed-backlog", 12_001);
    const ticks = (await journalOf(input)).filter(({ kind }) => kind === "tick").map(({ position }) => position);
    expect(ticks[0]).toBeGreaterThan(0);
    expect(ticks[0]).toBeLessThan(12_001);
  });

  test("wait while their pipeline is paused [PRC-8]", async () => {
    const { input, out } = await topics("alarmed-paused");
    await append(input, ["a", HOUR]);
    await caughtUp(input, "alarmed-paused", 1);
    expect(await catalog(env).setPipelineState({ name: "alarmed-paused", state: "paused" })).toEqual({ ok: true });
    const now = Date.now();
    vi.spyOn(Date, "now").mockImplementation(() => now + 2 * HOUR);
    await runDurableObjectAlarm(partition(env, input));
    expect(await valuesIn(out)).toEqual([]);
    expect(await catalog(env).setPipelineState({ name: "alarmed-paused", state: "running" })).toEqual({ ok: true });
    await runDurableObjectAlarm(partition(env, input));
    await eventually(out, [["a", 1]]);
  });
});
