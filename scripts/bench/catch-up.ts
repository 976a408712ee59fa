import type { Millrace } from "../../sdk/index.ts";
import type { EngineProcess } from "../engine/engine-process.ts";
import { expectCounted } from "./aggregate.ts";
import { appendTimes, type Percentiles, percentiles, singles } from "./latency.ts";
import { HOURS, records, type RecordShape } from "./records.ts";
import { clientOf } from "./stage.ts";
import { median } from "./statistics.ts";
import { CATCH_UP_TOPICS } from "./worker/topics.ts";

export interface CatchUpFigures {
  /** How many a pipeline had not read. */
  readonly stored: number;
  /** Until it had, the appends among them. */
  readonly seconds: number;
  /** How many appends were answered meanwhile, of all runs. */
  readonly appends: number;
  /** Of appends of one record to that partition meanwhile, and to one with as many records and no pipeline. */
  readonly busy: Percentiles;
  readonly quiet: Percentiles;
}

const ALONE = "catch-up-alone";
const DRAIN_MS = 120_000;
const SHAPE = { bytes: 100, keys: 1_000 };

/** Appends of single records, one after the other, while a pipeline is behind on their partition. Each run has its topic. */
export async function measureCatchUp(
  engine: EngineProcess,
  { count, runs }: { readonly count: number; readonly runs: number },
): Promise<CatchUpFigures> {
  const client = await clientOf(engine);
  const stored = { ...SHAPE, count };
  await fill(client, ALONE, stored);
  const each: number[] = [];
  const [busy, quiet]: [number[], number[]] = [[], []];
  for (const topic of CATCH_UP_TOPICS.slice(0, runs)) {
    await fill(client, topic, stored);
    const behind = await appendBehind(client, topic, count);
    each.push(behind.seconds);
    busy.push(...behind.times);
    quiet.push(...(await singles(client, ALONE, records({ ...later(count), count: behind.times.length + 1 }))));
  }
  const [seconds, appends] = [median(each), busy.length];
  return { stored: count, seconds, appends, busy: percentiles(busy), quiet: percentiles(quiet) };
}

/** Lets the pipeline go, and appends until it has read what was there. */
async function appendBehind(
  client: Millrace,
  topic: string,
  stored: number,
): Promise<{ readonly times: readonly number[]; readonly seconds: number }> {
  const producer = client.producer({ lingerMs: 0 });
  // Opens the producer.
  await appendTimes(producer, topic, records({ ...later(stored), count: 1 }));
  const startMs = performance.now();
  await client.pipelines.resume(topic);
  let behind = true;
  const caughtUp = client.pipelines.drain(topic, { timeoutMs: DRAIN_MS }).finally(() => {
    behind = false;
  });
  const further = whilst(() => behind, records(later(stored)));
  const [times] = await Promise.all([appendTimes(producer, topic, further), caughtUp]);
  const seconds = (performance.now() - startMs) / 1_000;
  await producer.close();
  await client.pipelines.drain(topic, { timeoutMs: DRAIN_MS });
  await expectCounted(client, topic, stored + 1 + times.length);
  return { times, seconds };
}

/** Records behind those stored, or they would be late. */
function later(count: number): RecordShape {
  return { ...SHAPE, count, hoursAgo: HOURS };
}

/** One partition. The pipeline of the topic, if it has one, is left paused and has read nothing. */
async function fill(client: Millrace, topic: string, shape: RecordShape): Promise<void> {
  await client.topics.create(topic);
  if (topic !== ALONE) await client.pipelines.pause(topic);
  const producer = client.producer();
  await producer.sendAll(topic, records(shape));
  await producer.close();
}

function* whilst<T>(goesOn: () => boolean, items: Iterable<T>): Generator<T> {
  for (const item of items) {
    if (!goesOn()) return;
    yield item;
  }
}
