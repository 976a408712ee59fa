import { setTimeout as sleep } from "node:timers/promises";
import { FOREVER, MAX_DRAIN_MS } from "../../../schema/limits.ts";
import type { TaskStatus } from "../../../schema/rpc/task.ts";
import { type Millrace, StreamError } from "../../../sdk/index.ts";
import { EngineWatch, type Resident } from "../engine-watch.ts";
import { clientOf, type Stage } from "../stage.ts";
import type { Query } from "./queries/query.ts";
import type { Answer } from "./reference.ts";
import { Results } from "./results.ts";
import { expectSame } from "./rows.ts";
import type { SourceRecord } from "./topics.ts";

/** What a query is run over, and what must come out. */
export interface QueryRun {
  readonly query: Query;
  readonly partitions: number;
  /** By topic. */
  readonly records: ReadonlyMap<string, readonly SourceRecord[]>;
  readonly answer: Answer;
}

/** `live`: the records are sent while the pipeline runs; `stored`: it begins when all of them are stored. */
export type Mode = "live" | "stored";

export interface PassFigures {
  /** Events a second until all results were delivered: from the first one sent, or from when the pipeline went on. */
  readonly rate: number;
  /** The engine at most. */
  readonly memory: Resident;
  /** Processor time of the engine meanwhile, for a million events. */
  readonly cpuSecondsPerMillion: number;
  /** Of all tasks. */
  readonly rowsWritten: number;
}

/** So much of every topic is sent before, untimed: V8 has then compiled what the rest runs through. */
export const WARM_SHARE = 0.2;
const WARM = { from: 0, to: WARM_SHARE };
const TIMED = { from: WARM_SHARE, to: 1 };
/** A pipeline that is slower than this does not come to an end. */
const PASS_DEADLINE_MS = 15 * 60_000;
const START_DEADLINE_MS = 30_000;
const LOOK_EVERY_MS = 50;

/** Runs a query once, in an engine of its own that begins empty, and throws where its result is not the reference's. */
export async function measurePass(stage: Stage, run: QueryRun, mode: Mode): Promise<PassFigures> {
  const name = `${run.query.name}-${run.partitions}-${mode}`;
  const engine = stage.start("platform", name);
  try {
    const client = await clientOf(engine);
    const watch = new EngineWatch(stage.folder(name));
    await createTopics(client, run);
    await send(client, run, WARM);
    await drained(client, run);
    if (mode === "stored") await store(client, run);
    const [startMs, startCpu] = [performance.now(), watch.cpuSeconds];
    if (mode === "live") await send(client, run, TIMED);
    else await client.pipelines.resume(run.query.pipeline.plan.name);
    await drained(client, run);
    const seconds = (performance.now() - startMs) / 1_000;
    const cpuSeconds = watch.cpuSeconds - startCpu;
    const memory = watch.stop();
    const { tasks } = await client.pipelines.get(run.query.pipeline.plan.name);
    expectAllRead(run, tasks);
    await expectResults(client, run);
    const timed = (1 - WARM_SHARE) * sentOf(run);
    const rowsWritten = tasks.reduce((sum, task) => sum + task.rowsWritten, 0);
    return { rate: timed / seconds, cpuSecondsPerMillion: (cpuSeconds / timed) * 1_000_000, memory, rowsWritten };
  } finally {
    await stage.discard(engine, name);
  }
}

/** Events of years ago are kept. The pipeline starts with the last of its topics. */
async function createTopics(client: Millrace, { query, partitions, records }: QueryRun): Promise<void> {
  const { name } = query.pipeline.plan;
  for (const topic of [name, ...records.keys()]) {
    await client.topics.create(topic, { partitions, config: { retentionMs: FOREVER } });
  }
  const deadlineMs = performance.now() + START_DEADLINE_MS;
  for (let state = ""; state !== "running";) {
    const pipeline = await client.pipelines.get(name);
    if (pipeline.error !== undefined || performance.now() > deadlineMs) {
      throw new Error(`${query.name} does not start: ${pipeline.error ?? pipeline.state}`);
    }
    state = pipeline.state;
    if (state !== "running") await sleep(LOOK_EVERY_MS);
  }
}

/** Before the pipeline goes on. */
async function store(client: Millrace, run: QueryRun): Promise<void> {
  await client.pipelines.pause(run.query.pipeline.plan.name);
  await send(client, run, TIMED);
}

/** A part of every topic. Topics are sent side by side: where there are several, nothing keeps them in step. */
async function send(client: Millrace, { records }: QueryRun, part: typeof WARM): Promise<void> {
  const producer = client.producer();
  const partOf = (each: readonly SourceRecord[]): readonly SourceRecord[] =>
    each.slice(Math.floor(part.from * each.length), Math.floor(part.to * each.length));
  await Promise.all(Array.from(records, ([topic, each]) => producer.sendAll(topic, partOf(each))));
  await producer.close();
}

/** Events that a query reads. */
export function sentOf({ records }: QueryRun): number {
  return [...records.values()].reduce((sum, each) => sum + each.length, 0);
}

/** One request waits for a bounded time. */
async function drained(client: Millrace, { query }: QueryRun): Promise<void> {
  const deadlineMs = performance.now() + PASS_DEADLINE_MS;
  for (;;) {
    try {
      return await client.pipelines.drain(query.pipeline.plan.name, { timeoutMs: MAX_DRAIN_MS });
    } catch (error) {
      const late = performance.now() > deadlineMs;
      if (late || !(error instanceof StreamError) || error.code !== "timed_out") throw error;
    }
  }
}

/** Every record was read, and none of them is missing in the result without a word. */
function expectAllRead(run: QueryRun, tasks: readonly Omit<TaskStatus, "pipeline">[]): void {
  const { query, records } = run;
  const sent = sentOf(run);
  const read = tasks.reduce((sum, task) => sum + (records.has(task.topic) ? task.recordsIn : 0), 0);
  if (read !== sent) throw new Error(`${query.name} read ${read} records of ${sent}`);
  for (const task of tasks) {
    for (const counter of ["lateRecords", "droppedRecords", "deadLetters", "skippedRecords", "lag"] as const) {
      const place = `${task.topic}/${task.partition}`;
      // Word of progress and of idleness comes to internal topics after a drain too.
      if (counter === "lag" && task.topic.startsWith("__")) continue;
      if (task[counter] !== 0) throw new Error(`${query.name}: ${counter} of ${place} is ${task[counter]}`);
    }
  }
}

async function expectResults(client: Millrace, { query, partitions, answer }: QueryRun): Promise<void> {
  const output = query.pipeline.plan.name;
  const results = new Results(query.rows);
  for (let partition = 0; partition < partitions; partition++) {
    for await (const record of client.reader(output, partition, { stopAtEnd: true })) {
      const { keyBytes } = record;
      results.add(keyBytes === null ? "" : `=${Buffer.from(keyBytes).toString("latin1")}`, record.json());
    }
  }
  expectSame(query.name, { actual: results.rows(answer.columns), expected: answer.rows });
}
