import type { Millrace, Producer, RecordToSend } from "../../sdk/index.ts";
import type { Engines } from "./append.ts";
import { records } from "./records.ts";
import { clientOf } from "./stage.ts";
import { percentile } from "./statistics.ts";

export interface LatencyFigures {
  readonly bytes: number;
  readonly platform: Percentiles;
  readonly probe: Percentiles;
}

/** ms. */
export interface Percentiles {
  readonly p50: number;
  readonly p99: number;
}

const ROUNDS = 10;

/** Requests of one record, one after the other, in rounds that take turns. */
export async function measureLatency(
  engines: Engines,
  { bytes, count }: { readonly bytes: number; readonly count: number },
): Promise<LatencyFigures> {
  const topic = `append-${bytes}-1`;
  const [platform, probe] = await Promise.all([clientOf(engines.platform), clientOf(engines.probe)]);
  await platform.topics.create(topic, { partitions: 1 });
  const times = { platform: [] as number[], probe: [] as number[] };
  for (let round = 0; round < ROUNDS; round++) {
    // The first one opens the producer.
    const shape = { bytes, count: Math.ceil(count / ROUNDS) + 1, keys: 100 };
    times.platform.push(...(await singles(platform, topic, records(shape))));
    times.probe.push(...(await singles(probe, topic, records(shape))));
  }
  return { bytes, platform: percentiles(times.platform), probe: percentiles(times.probe) };
}

/** The first record opens the producer: its time is none of the append's. */
export async function singles(client: Millrace, topic: string, source: Iterable<RecordToSend>): Promise<number[]> {
  const producer = client.producer({ lingerMs: 0 });
  const times = await appendTimes(producer, topic, source);
  await producer.close();
  return times.slice(1);
}

/** ms of each append of one record a request, one after the other. */
export async function appendTimes(
  producer: Producer,
  topic: string,
  source: Iterable<RecordToSend>,
): Promise<number[]> {
  const times: number[] = [];
  for (const record of source) {
    const startMs = performance.now();
    await producer.send(topic, record);
    times.push(performance.now() - startMs);
  }
  return times;
}

export function percentiles(times: readonly number[]): Percentiles {
  return { p50: percentile(times, 0.5), p99: percentile(times, 0.99) };
}
