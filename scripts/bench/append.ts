import type { Millrace, RecordToSend } from "../../sdk/index.ts";
import type { EngineProcess } from "../engine/engine-process.ts";
import { records, type RecordShape } from "./records.ts";
import { type Bodies, capturing, sendBodies } from "./bodies.ts";
import { clientOf } from "./stage.ts";
import { median } from "./statistics.ts";

export interface Engines {
  readonly platform: EngineProcess;
  readonly probe: EngineProcess;
}

export interface AppendFigures {
  readonly bytes: number;
  readonly partitions: number;
  /** Records a second: through the SDK, through the SDK to the probe, and to the probe with requests made before. */
  readonly platform: number;
  readonly probe: number;
  readonly bare: number;
}

/** Whole runs in turn, so that a slow minute of the machine is everybody's. */
export async function measureAppend(
  engines: Engines,
  shape: RecordShape & { readonly partitions: number; readonly runs: number },
): Promise<AppendFigures> {
  const { bytes, partitions, runs, count } = shape;
  // The probe takes the number of partitions from the name.
  const topic = `append-${bytes}-${partitions}`;
  const platform = await clientOf(engines.platform);
  await platform.topics.create(topic, { partitions });
  const bodies: Bodies = [];
  const probe = await clientOf(engines.probe, capturing(bodies));
  const rates = { platform: [] as number[], probe: [] as number[], bare: [] as number[] };
  for (let run = 0; run < runs; run++) {
    bodies.length = 0;
    rates.platform.push(await rateOf(count, () => sendAll(platform, topic, records(shape))));
    rates.probe.push(await rateOf(count, () => sendAll(probe, topic, records(shape))));
    rates.bare.push(await rateOf(count, () => sendBodies(bodies)));
  }
  return {
    bytes,
    partitions,
    platform: median(rates.platform),
    probe: median(rates.probe),
    bare: median(rates.bare),
  };
}

async function sendAll(client: Millrace, topic: string, source: Iterable<RecordToSend>): Promise<void> {
  const producer = client.producer();
  await producer.sendAll(topic, source);
  await producer.close();
}

async function rateOf(count: number, work: () => Promise<void>): Promise<number> {
  const startMs = performance.now();
  await work();
  return count / ((performance.now() - startMs) / 1000);
}
