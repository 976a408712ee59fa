import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { EngineProcess } from "../scripts/engine/engine-process.ts";
import { dataFolder } from "../scripts/test/data-folder.ts";
import { Millrace } from "./index.ts";

const HOUR = 3_600_000;

test("a store is followed over HTTP through a kill of the engine, and nothing is missed [SDK-38, SUB-3]", async () => {
  const dataDir = dataFolder();
  let engine = new EngineProcess({ dataDir });
  const url = await engine.ready;
  const port = Number(new URL(url).port);
  const client = new Millrace({ url, retry: { attempts: 60, maxDelayMs: 500 } });
  for (const topic of ["flights", "delay-alerts"])
    await client.topics.create(topic, { partitions: 4, config: { retentionMs: -1 } });
  const send = async (airports: readonly string[]): Promise<void> => {
    const producer = client.producer();
    for (const origin of airports) {
      const value = { date: "2001/01/10 08:00", delay: 5, distance: 100, origin, destination: "ATL" };
      await producer.send("flights", { key: origin, value, timestampMs: Date.UTC(2001, 0, 10) + 8 * HOUR });
    }
    await producer.close();
    await client.pipelines.drain("delay-alerts");
  };
  const store = client.pipelines.store("delay-alerts", "airport-stats");
  const airports = Array.from({ length: 12 }, (_, n) => `A${n}`);
  await send(airports);

  const flights = new Map<string, number>();
  const controller = new AbortController();
  let ready = 0;
  let resets = 0;
  const following = (async () => {
    for await (const event of store.follow({ signal: controller.signal })) {
      if (event.type === "snapshot" && event.reset) resets++;
      const rows = event.type === "snapshot" ? event.rows : event.changes;
      for (const row of rows) if ("value" in row) flights.set(row.key, (row.value as { flights: number }).flights);
      if (event.type === "snapshot" && event.ready) ready++;
    }
  })();
  await expect.poll(() => ready, { timeout: 30_000 }).toBe(4);
  expect(flights).toEqual(new Map(airports.map((airport) => [airport, 1])));

  await send(airports.slice(0, 6));
  await engine.kill();
  await sleep(300);
  engine = new EngineProcess({ dataDir, port });
  await engine.ready;
  await send(airports.slice(3, 9));
  const expected = airports.map((airport, n) => [airport, 1 + (n < 6 ? 1 : 0) + (n >= 3 && n < 9 ? 1 : 0)] as const);
  await expect.poll(() => flights, { timeout: 60_000 }).toEqual(new Map(expected));
  controller.abort();
  await following;
  expect(resets).toBe(0);
  await engine.kill();
}, 180_000);
