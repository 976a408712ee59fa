import type { Millrace } from "../../sdk/index.ts";
import type { EngineProcess } from "../engine/engine-process.ts";
import { HOURS, records } from "./records.ts";
import { clientOf } from "./stage.ts";
import { median } from "./statistics.ts";
import { TOPICS } from "./worker/topics.ts";

export interface AggregateFigures {
  readonly keys: number;
  readonly partitions: number;
  /** Records a second, from the first sent to the last one stored and in its window. */
  readonly both: number;
  /** Records a second of the pipeline alone, over records that were stored before. */
  readonly alone: number;
}

const free = [...TOPICS];

/** Each run has a topic of its own: a state that begins empty. */
export async function measureAggregate(
  engine: EngineProcess,
  shape: { readonly count: number; readonly keys: number; readonly partitions: number; readonly runs: number },
): Promise<AggregateFigures> {
  const { keys, partitions, runs, count } = shape;
  const client = await clientOf(engine);
  const both: number[] = [];
  const alone: number[] = [];
  for (let run = 0; run < runs; run++) {
    const topic = free.shift();
    if (topic === undefined) throw new Error("worker/topics.ts names too few topics");
    await client.topics.create(topic, { partitions });
    both.push(count / (await secondsOf(() => sendAndDrain(client, topic, shape))));
    await client.pipelines.pause(topic);
    // Later than what came before, or they would be late.
    await client.producer().sendAll(topic, records({ ...shape, bytes: 100, hoursAgo: HOURS }));
    alone.push(count / (await secondsOf(() => resumeAndDrain(client, topic))));
    await expectCounted(client, topic, 2 * count);
  }
  return { keys, partitions, both: median(both), alone: median(alone) };
}

async function sendAndDrain(client: Millrace, topic: string, shape: { count: number; keys: number }): Promise<void> {
  await client.producer().sendAll(topic, records({ ...shape, bytes: 100 }));
  await client.pipelines.drain(topic, { timeoutMs: 120_000 });
}

async function resumeAndDrain(client: Millrace, topic: string): Promise<void> {
  await client.pipelines.resume(topic);
  await client.pipelines.drain(topic, { timeoutMs: 120_000 });
}

/** A benchmark of wrong results would measure nothing. */
export async function expectCounted(client: Millrace, topic: string, expected: number): Promise<void> {
  const { tasks } = await client.pipelines.get(topic);
  const counted = tasks.reduce(
    (sum, { recordsIn, lateRecords, deadLetters }) => sum + recordsIn - lateRecords - deadLetters,
    0,
  );
  if (counted !== expected) throw new Error(`${topic} aggregated ${counted} records of ${expected}`);
}

async function secondsOf(work: () => Promise<void>): Promise<number> {
  const startMs = performance.now();
  await work();
  return (performance.now() - startMs) / 1000;
}
