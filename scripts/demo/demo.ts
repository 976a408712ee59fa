import { Millrace } from "../../sdk/index.ts";
import type { Engine } from "../engine/engine.ts";
import { readFlights } from "./flights.ts";
import { ProgressBar } from "./progress-bar.ts";
import { type Replay, resumeReplay, sendFlights } from "./replay.ts";
import { ReplayState } from "./replay-state.ts";
import { readResults } from "./results.ts";
import { printSummary } from "./summary.ts";
import { counted, say } from "./terminal.ts";
import { createTopics } from "./topics.ts";

const PIPELINES = ["delay-alerts", "airport-hours"];
const DRAIN_MS = 120_000;

/** Replays what is missing, waits for the pipelines and prints what came of it. `startMs` is the first line's `performance.now()`. */
export async function runDemo(
  engine: Engine,
  { dataDir, startMs }: { dataDir: string; startMs: number },
): Promise<void> {
  const client = new Millrace({ url: engine.url });
  await createTopics(client);
  const flights = readFlights();
  const replay = await resumeReplay(client, flights, new ReplayState(dataDir));
  const sendStartMs = performance.now();
  await send(replay, flights.length);
  const sentMs = performance.now();
  // As it runs anyway, `airport-hours` would come to it within 2 seconds, and close its files within a minute.
  await Promise.all(PIPELINES.map((pipeline) => client.pipelines.drain(pipeline, { timeoutMs: DRAIN_MS })));
  const drainedMs = performance.now();
  const results = await readResults(client, engine);
  printSummary(results, {
    sent: replay.missing.length,
    sendMs: sentMs - sendStartMs,
    drainMs: drainedMs - sentMs,
    totalMs: performance.now() - startMs,
  });
}

async function send(replay: Replay, total: number): Promise<void> {
  const { stored, missing } = replay;
  if (missing.length === 0) return say(`${counted(total, "flight")} are already stored; nothing to send.`);
  if (stored === 0) say(`Replaying ${counted(total, "flight")} of 2001 into the topic flights, keyed by origin`);
  else say(`${counted(stored, "flight")} are already stored; replaying the other ${counted(missing.length, "flight")}`);
  const bar = new ProgressBar({ done: stored, total });
  await sendFlights(replay, () => bar.advance());
  bar.end();
}
