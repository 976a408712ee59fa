import { expect, test } from "vitest";
import { Millrace } from "../../sdk/index.ts";
import { dataFolder } from "../test/data-folder.ts";
import { EngineProcess } from "../engine/engine-process.ts";
import { readFlights } from "./flights.ts";
import { resumeReplay, sendFlights } from "./replay.ts";
import { ReplayState } from "./replay-state.ts";
import { expectExact } from "./test/expect-exact.ts";
import { readStored } from "./test/stored.ts";
import { createTopics } from "./topics.ts";

test("both pipelines come to what plain loops over the file come to, and a second replay sends nothing [DMO-1, DMO-2]", async () => {
  const dataDir = dataFolder();
  const flights = readFlights();
  const state = new ReplayState(dataDir);
  const engine = new EngineProcess({ dataDir });
  try {
    const client = new Millrace({ url: await engine.ready });
    await createTopics(client);
    let acknowledged = 0;
    await sendFlights(await resumeReplay(client, flights, state), () => acknowledged++);
    expect(acknowledged).toBe(20_000);
    for (const pipeline of ["delay-alerts", "airport-hours"])
      await client.pipelines.drain(pipeline, { timeoutMs: 60_000 });

    const again = await resumeReplay(client, flights, state);
    expect(again.stored).toBe(20_000);
    expect(again.missing).toEqual([]);

    const { rows } = await client.tables.rows("airport_hours", { orderBy: "flights", order: "desc", limit: 1 });
    expect(rows).toHaveLength(1);
    expect(await engine.stop()).toBe(0);
  } finally {
    await engine.kill();
  }
  expectExact(await readStored(dataDir), flights);
});
