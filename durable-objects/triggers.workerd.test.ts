import { env as bindings } from "cloudflare:workers";
import { expect, test, vi } from "vitest";
import { hooks } from "../pipelines/test/hooks.ts";
import { partitionName } from "../schema/rpc/log.ts";
import type { Plan, Trigger } from "../schema/plan.ts";
import type { Env } from "./env.ts";
import { bundle } from "./test/objects.ts";
import { aborts } from "./test/aborts.ts";
import { batchOf, catalog, createTopic, partition, readAll } from "./test/client.ts";
import { evict } from "./test/evict.ts";

const env = bindings as unknown as Env;

interface Topics {
  readonly input: string;
  readonly batches: string;
  readonly totals: string;
}

/** Output topics first, so that the pipeline starts when its input is there; `before` is in it then. */
async function topicsOf(name: string, before: readonly number[] = []): Promise<Topics> {
  const batches = await createTopic(env, `${name}-batches`);
  if (before.length === 0) {
    const totals = await createTopic(env, `${name}-totals`);
    return { input: await createTopic(env, `${name}-in`), batches, totals };
  }
  const input = await createTopic(env, `${name}-in`);
  await append(input, before);
  return { input, batches, totals: await createTopic(env, `${name}-totals`) };
}

async function append(id: string, numbers: readonly number[]): Promise<void> {
  const batch = batchOf(numbers.map((n) => ({ key: "k", value: { n } })));
  const answer = await partition(env, id).append({ batch, largestRecordBytes: 100 });
  if (!answer.ok) throw new Error(answer.message);
}

async function valuesIn(id: string): Promise<unknown[]> {
  return (await readAll(partition(env, id))).map(({ value }) => value);
}

/** Waits for what runs by itself. */
async function eventually(id: string, values: readonly unknown[]): Promise<void> {
  await vi.waitFor(async () => expect(await valuesIn(id)).toEqual(values), { timeout: 15_000, interval: 50 });
}

async function positionOf(id: string, pipeline: string): Promise<number | undefined> {
  const answer = await partition(env, id).tasks({ pipeline });
  return answer.ok ? answer.tasks[0]?.position : undefined;
}

test("everyRecords runs when enough waits, and behind an internal topic at once [TRG-5, TRG-8]", async () => {
  const { input, batches, totals } = await topicsOf("by-count");
  await append(input, [1]);
  await append(input, [2]);
  expect(await valuesIn(batches)).toEqual([]);
  await append(input, [3, 4]);
  await eventually(batches, [4]);
  await eventually(totals, [10]);
  await append(input, [5]);
  expect(await positionOf(input, "by-count")).toBe(4);
});

test("everyRecords runs when the first record has waited long enough [TRG-5]", async () => {
  const { input, batches } = await topicsOf("by-wait");
  await append(input, [1, 2]);
  await eventually(batches, [2]);
});

test("cron runs at its times [TRG-6]", async () => {
  const { input, batches, totals } = await topicsOf("by-cron");
  await append(input, [1, 2]);
  await eventually(batches, [2]);
  await eventually(totals, [3]);
});

test("availableNow runs over what is there at the start, then when it is asked [TRG-7, TRG-8]", async () => {
  const { input, batches, totals } = await topicsOf("available", [1, 2, 3]);
  await eventually(batches, [3]);
  await eventually(totals, [6]);
  await append(input, [4]);
  await partition(env, input).touch({});
  await evict(partition(env, input));
  expect(await positionOf(input, "available")).toBe(3);
  await partition(env, input).run({ pipeline: "available" });
  await eventually(totals, [6, 10]);
});

test("manual runs when it is asked, and what was asked for is finished after a crash [TRG-7]", async () => {
  const { input, batches, totals } = await topicsOf("asked", [1, 2]);
  await append(input, [3]);
  expect(await catalog(env).reconcile({})).toEqual({ ok: true });
  expect(await valuesIn(batches)).toEqual([]);
  let ended = false;
  hooks.onValue = () => {
    if (ended) return;
    ended = true;
    aborts.get(partitionName(input, 0))?.("in the batch that was asked for");
    throw new Error("aborted");
  };
  await settled(() => partition(env, input).run({ pipeline: "asked" }));
  await vi.waitFor(() => expect(ended).toBe(true));
  await vi.waitFor(async () => {
    await settled(() => partition(env, input).touch({}));
    expect((await valuesIn(totals)).at(-1)).toBe(6);
  }, 15_000);
  expect(await positionOf(input, "asked")).toBe(3);
});

test("a pipeline deployed with another trigger keeps position and state [TRG-9]", async () => {
  const out = await createTopic(env, "switched-out");
  const input = await createTopic(env, "switched-in");
  const triggers: readonly Trigger[] = [
    { kind: "manual" },
    { kind: "perEvent" },
    { kind: "every", intervalMs: 200 },
    { kind: "everyRecords", records: 1, atMostMs: 1_000 },
    { kind: "perEvent" },
  ];
  for (const [index, trigger] of triggers.entries()) {
    const at = bundle.findIndex(({ name }) => name === "switched");
    bundle[at] = { ...(bundle[at] as Plan), trigger };
    await evict(partition(env, input));
    await append(input, [index]);
    if (trigger.kind === "manual") await partition(env, input).run({ pipeline: "switched" });
    await eventually(
      out,
      Array.from({ length: index + 1 }, (_, count) => count + 1),
    );
  }
});

/** Whatever comes of it: the object may end in the middle. */
async function settled(call: () => Promise<unknown>): Promise<void> {
  try {
    await call();
  } catch {
    // It ended.
  }
}

test("a micro-batch ends below 8 MB of the log, however much waits [MIB-11]", async () => {
  const out = await createTopic(env, "large-batches-out");
  const input = await createTopic(env, "large-batches-in");
  const value = "x".repeat(900_000);
  for (let record = 0; record < 12; record++) {
    const answer = await partition(env, input).append({ batch: batchOf([{ value }]), largestRecordBytes: 900_002 });
    if (!answer.ok) throw new Error(answer.message);
  }
  expect(await partition(env, input).drain({ pipeline: "large-batches", timeoutMs: 30_000 })).toEqual({ ok: true });
  expect(await valuesIn(out)).toEqual([8, 4]);
});
