import type { Millrace } from "../../sdk/index.ts";
import type { EngineProcess } from "../engine/engine-process.ts";
import { expectCounted } from "./aggregate.ts";
import { type Percentiles, percentiles, singles } from "./latency.ts";
import { HOURS, records, type RecordShape } from "./records.ts";
import { clientOf } from "./stage.ts";
import { median } from "./statistics.ts";
import { CATCH_UP_TOPICS } from "./worker/topics.ts";

export interface CatchUpFigures {
  /** How many a pipeline had not read. */
  readonly stored: number;
  /** Until it had, the appends among them. */
  readonly seconds: number;
  /** Of appends of one record to that partition meanwhile, and to one with as many records and no pipeline. */
  readonly busy: Percentiles;
  readonly quiet: Percentiles;
}

const ALONE = "catch-up-alone";
const SHAPE = { bytes: 100, keys: 1_000 };

/** Appends of single records, one after the other, while a pipeline is behind on their partition. Each run has its topic. */
export async function measureCatchUp(
  engine: EngineProcess,
  { count, runs }: { readonly count: number; readonly runs: number },
): Promise<CatchUpFigures> {
  const client = await clientOf(engine);
  const stored = { ...SHAPE, count };
  // Later than those stored, or they would be late. More than there can be time for.
  const further = { ...stored, hoursAgo: HOURS };
  await fill(client, ALONE, stored);
  const seconds: number[] = [];
  const [busy, quiet]: [number[], number[]] = [[], []];
  for (const topic of CATCH_UP_TOPICS.slice(0, runs)) {
    await fill(client, topic, stored);
    const startMs = performance.now();
    await client.pipelines.resume(topic);
    let behind = true;
    const caughtUp = client.pipelines.drain(topic, { timeoutMs: 120_000 }).finally(() => {
      behind = false;
    });
    const [times] = await Promise.all([
      singles(
        client,
        topic,
        whilst(() => behind, records(further)),
      ),
      caughtUp,
    ]);
    seconds.push((performance.now() - startMs) / 1_000);
    busy.push(...times);
    const sent = times.length + 1;
    await client.pipelines.drain(topic, { timeoutMs: 120_000 });
    await expectCounted(client, topic, count + sent);
    quiet.push(...(await singles(client, ALONE, records({ ...further, count: sent }))));
  }
  return { stored: count, seconds: median(seconds), busy: percentiles(busy), quiet: percentiles(quiet) };
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
