import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { Millrace } from "../../sdk/index.ts";
import { dataFolder } from "../test/data-folder.ts";
import { seed, seededRandom } from "../test/seeded-random.ts";
import { EngineProcess } from "../engine/engine-process.ts";
import { readFlights } from "./flights.ts";
import { resumeReplay, sendFlights } from "./replay.ts";
import { ReplayState } from "./replay-state.ts";
import { expectExact } from "./test/expect-exact.ts";
import { readStored } from "./test/stored.ts";
import { createTopics } from "./topics.ts";

const KILLS = 12;
/** So that the flights last until the last kill. */
const FLIGHTS_PER_RUN = Math.floor(20_000 / (KILLS + 1));
const FLIGHTS_AT_ONCE = 100;
const PIPELINES = ["delay-alerts", "airport-hours"];

const random = seededRandom(seed);

/** A client whose requests fail at once when its engine is gone: none of them may reach the next one. */
class Run {
  readonly engine: EngineProcess;
  readonly client: Millrace;
  killed = false;

  constructor(engine: EngineProcess, url: string) {
    this.engine = engine;
    const send = (address: string, init: RequestInit) =>
      this.killed ? Promise.reject(new Error("the engine was killed")) : fetch(address, init);
    this.client = new Millrace({ url, fetch: send });
  }

  async kill(): Promise<void> {
    this.killed = true;
    await this.engine.kill();
  }
}

/** A part of the flights, in small pieces with pauses; now and then a drain, so that a kill meets deliveries too. */
async function replayPart(run: Run, state: ReplayState): Promise<void> {
  const { client } = run;
  await createTopics(client);
  const { producer, missing, stored } = await resumeReplay(client, readFlights(), state);
  const drains = random() < 0.5;
  for (let at = 0; at < FLIGHTS_PER_RUN && !run.killed; at += FLIGHTS_AT_ONCE) {
    const piece = missing.slice(at, Math.min(at + FLIGHTS_AT_ONCE, FLIGHTS_PER_RUN));
    await sendFlights({ producer, missing: piece, stored }, () => {});
    await sleep(random() * 100);
    if (drains && random() < 0.2)
      void Promise.all(PIPELINES.map((name) => client.pipelines.drain(name))).catch(() => {});
  }
}

test(`${KILLS} kills at random moments lose nothing and double nothing, seed ${seed} [DMO-3]`, async () => {
  const dataDir = dataFolder();
  const state = new ReplayState(dataDir);
  let stored = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    const engine = new EngineProcess({ dataDir });
    const run = new Run(engine, await engine.ready);
    // The rest of a replay that was killed fails, at the latest with its producer's deadline: nobody waits for it.
    replayPart(run, state).catch((error: unknown) => {
      if (!run.killed) throw error;
    });
    await sleep(random() * 2_500);
    await run.kill();
  }

  const engine = new EngineProcess({ dataDir });
  try {
    const client = new Millrace({ url: await engine.ready });
    await createTopics(client);
    const replay = await resumeReplay(client, readFlights(), state);
    stored = replay.stored;
    await sendFlights(replay, () => {});
    for (const pipeline of PIPELINES) await client.pipelines.drain(pipeline, { timeoutMs: 60_000 });
    expect(await engine.stop()).toBe(0);
  } finally {
    await engine.kill();
  }
  console.log(`seed ${seed}: ${stored} flights were stored when the last kill came`);
  expectExact(await readStored(dataDir), readFlights());
});
