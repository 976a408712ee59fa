import {
  batchOf,
  catalog,
  createTopic,
  partition,
  readAll,
  type TestRecord,
} from "../../durable-objects/test/client.ts";
import type { Env } from "../../durable-objects/env.ts";
import type { Move, Pair } from "../../pipelines/test/faults.ts";
import { PipelineClient } from "./pipeline-client.ts";

/** What a round came to: pairs by group, rows of D1, lines of the files. */
export interface RoundResult {
  readonly pairs: readonly string[];
  readonly rows: readonly string[];
  readonly lines: readonly string[];
}

const START_MS = 1_700_000_000_000;
const ROUND_MS = 3_600_000;
const PARTITIONS = { a: 2, b: 1 } as const;
const GROUPS = 3;
/** How often something is asked for of objects that end. */
const TRIES = 60;
/** An object that is being evicted goes on with nothing: then it is asked again. */
const DRAIN_MS = 1_500;

/** Drives a pipeline of pipelines/test/faults.ts in rounds that are alike but for the names of their groups and their times. */
export class FaultyClient {
  readonly client: PipelineClient;
  readonly #env: Env;

  constructor(env: Env, name: string) {
    this.#env = env;
    this.client = new PipelineClient(env, name);
  }

  get name(): string {
    return this.client.name;
  }

  async createTopics(): Promise<void> {
    await createTopic(this.#env, `${this.name}-out`, 2);
    await createTopic(this.#env, `${this.name}-a`, PARTITIONS.a);
    await createTopic(this.#env, `${this.name}-b`, PARTITIONS.b);
  }

  /** Sends everything of a round twice over, each batch until it is acknowledged, and waits until all of it is delivered. */
  async run(round: number): Promise<void> {
    for (const part of [0, 1]) {
      for (const side of ["a", "b"] as const) {
        for (let number = 0; number < PARTITIONS[side]; number++)
          await this.#append(side, number, { round, part, records: movesOf({ side, number, round, part }) });
      }
    }
    await this.#insist(() => this.client.drain(DRAIN_MS), "drain");
  }

  async #append(
    side: "a" | "b",
    number: number,
    { round, part, records }: { round: number; part: number; records: readonly TestRecord[] },
  ): Promise<void> {
    const { topicId } = await this.client.input(`${this.name}-${side}`);
    // The same producer each time: what was stored before the object ended is not stored again.
    const producer = { producerId: round, producerEpoch: 0, baseSequence: part * records.length };
    await this.#insist(
      () =>
        partition(this.#env, topicId, number).append({ batch: batchOf(records, producer), largestRecordBytes: 200 }),
      `append to ${side}/${number}`,
    );
  }

  /** An object that ends rejects what was asked of it. */
  async #insist(ask: () => Promise<unknown>, what: string): Promise<void> {
    let last: unknown;
    for (let tries = 0; tries < TRIES; tries++) {
      try {
        last = await ask();
        if ((last as { ok: boolean }).ok) return;
      } catch (error) {
        last = error;
      }
      await scheduler.wait(50);
    }
    throw new Error(`${what} does not succeed: ${JSON.stringify(last) ?? String(last)}`);
  }

  /** Without what tells rounds apart. */
  async result(round: number): Promise<RoundResult> {
    const prefix = `r${round}-`;
    const common = (text: string): string =>
      text.replaceAll(prefix, "").replaceAll(/1[67]\d{11}/g, (ms) => `${Number(ms) - START_MS - round * ROUND_MS}`);
    const out = await catalog(this.#env).topic({ topic: `${this.name}-out` });
    const pairs: string[] = [];
    for (const number of [0, 1]) {
      const records = await readAll(partition(this.#env, out.ok ? out.identity.topicId : "", number));
      const mine = records.filter(({ key }) => key?.startsWith(prefix) === true);
      pairs.push(...mine.map(({ key, value }) => `${key} ${JSON.stringify(value as Pair)}`));
    }
    const table = this.name.replace("-", "_");
    const query = `SELECT * FROM ${table} WHERE substr(name, 1, ?) = ? ORDER BY name, start`;
    const { results } = await this.#env.DB.prepare(query).bind(prefix.length, prefix).all();
    return {
      pairs: pairs.map(common).toSorted(),
      rows: results.map((row) => common(JSON.stringify(row))),
      lines: (await this.#lines(prefix)).map(common).toSorted(),
    };
  }

  async #lines(prefix: string): Promise<string[]> {
    const { objects } = await this.#env.LAKE.list({ prefix: `${this.name}/${prefix}` });
    const files = await Promise.all(
      objects.map(async ({ key }) => ({ key, text: (await (await this.#env.LAKE.get(key))?.text()) ?? "" })),
    );
    return files.flatMap(({ key, text }) => {
      const [, group = ""] = key.split("/");
      return text
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => `${group} ${line}`);
    });
  }
}

function movesOf(of: { side: "a" | "b"; number: number; round: number; part: number }): TestRecord[] {
  return Array.from({ length: 2 * GROUPS }, (_, index): TestRecord => {
    const id = `${of.side}${of.number}${of.part}${index}`;
    const value: Move = { id, group: `r${of.round}-g${index % GROUPS}`, n: 1 + index };
    const atMs = START_MS + of.round * ROUND_MS + 900 * index + 2_500 * of.part;
    return { key: id, value, timestampMs: atMs };
  });
}
