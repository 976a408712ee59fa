import { evictDurableObject } from "cloudflare:test";
import { env as bindings } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { FaultyClient, type RoundResult } from "../workers/test/faulty-client.ts";
import type { Env } from "./env.ts";
import { type Step, STEPS } from "./partition/steps.ts";
import { aborts } from "./test/aborts.ts";
import { steps } from "./test/objects.ts";

const env = bindings as unknown as Env;
const TIMEOUT_MS = 60_000;
const RANDOM_ROUNDS = 8;
/** Faults of a random round, and among how many times an object is at a step. */
const FAULTS = 3;
const MOST_TIMES = 4;

type End = "abort" | "evict";

interface Fault {
  readonly step: Step;
  /** At which time that an object of the pipeline is there. */
  readonly time: number;
  readonly end: End;
}

let round = 0;

afterEach(() => {
  steps.onStep = () => undefined;
});

/** Lets each of them happen once while the work is done; answers those that have happened. */
async function injected(pipeline: string, faults: readonly Fault[], work: () => Promise<void>): Promise<Fault[]> {
  const happened: Fault[] = [];
  const toEvict: string[] = [];
  const times = new Map<Step, number>();
  steps.onStep = (step, name) => {
    if (!name.includes(pipeline)) return;
    const time = (times.get(step) ?? 0) + 1;
    times.set(step, time);
    const fault = faults.find((each) => each.step === step && each.time === time);
    if (fault === undefined) return;
    happened.push(fault);
    if (fault.end === "evict") return void toEvict.push(name);
    aborts.get(name)?.(`at ${step}`);
    // What has ended still runs to the end of its turn, of which nothing lasts; here it goes no further.
    throw new Error(`ended at ${step}`);
  };
  let done = false;
  // Not from inside the object: an eviction waits for what runs there.
  const evictions = (async (): Promise<void> => {
    while (!done) {
      for (const name of toEvict.splice(0)) await evict(name);
      await scheduler.wait(1);
    }
  })();
  await work().finally(() => {
    done = true;
  });
  await evictions;
  return happened;
}

/** It may have ended before by itself. */
async function evict(name: string): Promise<void> {
  await evictDurableObject(env.PARTITION.getByName(name)).catch(() => undefined);
}

async function evictAll(client: FaultyClient): Promise<void> {
  for (const stub of await client.client.allPartitions()) await evictDurableObject(stub).catch(() => undefined);
}

describe.each(["faulty-events", "faulty-batches"])("%s", { timeout: TIMEOUT_MS }, (pipeline) => {
  const client = new FaultyClient(env, pipeline);
  let undisturbed: RoundResult;

  beforeAll(async () => {
    await client.createTopics();
    await client.run(++round);
    undisturbed = await client.result(round);
    expect(undisturbed.pairs.length).toBeGreaterThan(20);
    expect(undisturbed.lines).toHaveLength(undisturbed.pairs.length);
    expect(undisturbed.rows.length).toBeGreaterThan(5);
  });

  /** A round in which these happen comes to what one comes to in which nothing happens. */
  async function expectSame(faults: readonly Fault[]): Promise<readonly Fault[]> {
    // So that slices are the first after a wake, which are announced.
    await evictAll(client);
    const happened = await injected(pipeline, faults, () => client.run(++round));
    expect({ happened, ...(await client.result(round)) }).toEqual({ happened, ...undisturbed });
    return happened;
  }

  test.each(
    STEPS.flatMap((step) => [
      { step, end: "abort" as const },
      { step, end: "evict" as const },
    ]),
  )("$end at $step changes nothing [FLT-2]", async ({ step, end }) => {
    expect(await expectSame([{ step, time: 1, end }])).toHaveLength(1);
  });

  test.each(Array.from({ length: RANDOM_ROUNDS }, (_, index) => index))(
    "nor do several at random steps, round %i [FLT-2]",
    async () => {
      const faults = Array.from({ length: FAULTS }, (): Fault => {
        const step = STEPS[Math.floor(Math.random() * STEPS.length)] ?? "append:stored";
        return { step, time: 1 + Math.floor(Math.random() * MOST_TIMES), end: Math.random() < 0.7 ? "abort" : "evict" };
      });
      await expectSame(faults);
    },
  );
});
