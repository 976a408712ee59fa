// What a data folder holds, read to the last row.
import type { AirportHour } from "../../../pipelines/expected.ts";
import { type Flight, FLIGHTS_TOPIC } from "../../../pipelines/flight.ts";
import type { DelayAlert } from "../../../pipelines/delay-alerts.ts";
import { Millrace } from "../../../sdk/index.ts";
import { type Engine, startEngine } from "../../engine/engine.ts";
import { bucketLines } from "../../test/bucket-files.ts";
import { ALERTS_TOPIC, FLIGHTS_PARTITIONS } from "../topics.ts";

const PIPELINES = ["delay-alerts", "airport-hours"];

export interface StoredRecord<Value> {
  readonly offset: number;
  readonly key: unknown;
  readonly timestampMs: number;
  readonly value: Value;
}

export interface Stored {
  /** By partition, in order of offset. */
  readonly flights: readonly (readonly StoredRecord<Flight>[])[];
  readonly alerts: readonly StoredRecord<DelayAlert>[];
  /** Of both pipelines: none of the flights is a record that cannot be processed. */
  readonly deadLetters: readonly string[];
  /** The D1 table, by airport and hour. */
  readonly hours: readonly AirportHour[];
  /** Lines of the files in R2 by day, sorted. */
  readonly archive: ReadonlyMap<string, readonly string[]>;
}

/** Only while no engine runs on it. */
export async function readStored(dataDir: string): Promise<Stored> {
  const archive = await bucketLines(dataDir, "flights");
  const engine = await startEngine({ dataDir, cron: false });
  try {
    const client = new Millrace({ url: engine.url });
    const partitions = Array.from({ length: FLIGHTS_PARTITIONS }, (_, partition) => partition);
    return {
      flights: await Promise.all(partitions.map((partition) => records<Flight>(client, FLIGHTS_TOPIC, partition))),
      alerts: await records<DelayAlert>(client, ALERTS_TOPIC, 0),
      deadLetters: (await Promise.all(PIPELINES.map((name) => deadLetters(client, name)))).flat(),
      hours: await airportHours(engine),
      archive,
    };
  } finally {
    await engine.stop();
  }
}

async function records<Value>(client: Millrace, topic: string, partition: number): Promise<StoredRecord<Value>[]> {
  const read: StoredRecord<Value>[] = [];
  for await (const record of client.reader(topic, partition, { from: "earliest", stopAtEnd: true })) {
    const { offset, key, timestampMs } = record;
    read.push({ offset, key, timestampMs, value: record.json<Value>() });
  }
  return read;
}

/** Each as its value and its headers, which say why. */
async function deadLetters(client: Millrace, pipeline: string): Promise<string[]> {
  const letters: string[] = [];
  for await (const record of client.reader(`${pipeline}.dead-letters`, 0, { from: "earliest", stopAtEnd: true })) {
    const headers = record.headers.map(({ key, value }) => `${key}: ${new TextDecoder().decode(value ?? undefined)}`);
    letters.push([`${pipeline}: ${record.text()}`, ...headers].join("; "));
  }
  return letters;
}

async function airportHours(engine: Engine): Promise<AirportHour[]> {
  const database = await engine.d1();
  const { results } = await database.prepare("SELECT * FROM airport_hours ORDER BY airport, window_start").all();
  return results as unknown as AirportHour[];
}
