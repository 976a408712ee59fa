import { type Flight, FLIGHTS_TOPIC } from "../../pipelines/flight.ts";
import type { Millrace, Producer } from "../../sdk/index.ts";
import { EngineError } from "../engine/engine-error.ts";
import { partitionOf, recordOf } from "./flights.ts";
import type { ReplayIdentity, ReplayState } from "./replay-state.ts";

const LOST = "An earlier replay gave up on some flights, so it cannot go on. Remove the data folder and start again.";

/** The flights that are not stored yet, in order, and the producer that goes on with them. */
export interface Replay {
  readonly producer: Producer;
  /** How many are stored already. */
  readonly stored: number;
  readonly missing: readonly Flight[];
}

/**
 * Goes on where an earlier replay ended, however it ended (DMO-2). The flights of one partition are always sent in the order
 * of the file by one producer, so the sequence of its last record there says how many of them are stored. A partition
 * forgets a producer that is silent for 7 days: then a new one begins, and what is stored is what the log holds.
 */
export async function resumeReplay(client: Millrace, flights: readonly Flight[], state: ReplayState): Promise<Replay> {
  const { partitions } = await client.topics.get(FLIGHTS_TOPIC);
  const ends = partitions.map(({ logEndOffset }) => logEndOffset);
  const saved = state.read();
  const stored = saved === undefined ? undefined : await storedBy(client, saved, ends);
  const producer = stored === undefined ? await newProducer(client, state, ends) : client.producer(saved);
  const missing = missingFlights(flights, stored ?? ends);
  return { producer, missing, stored: flights.length - missing.length };
}

/** Resolves when every flight is stored; `acknowledged` is called with each one. */
export async function sendFlights({ producer, missing }: Replay, acknowledged: () => void): Promise<void> {
  for (const flight of missing) {
    // A rejection is reported by `flush`.
    void producer.send(FLIGHTS_TOPIC, recordOf(flight)).then(acknowledged, () => {});
    await producer.ready();
  }
  await producer.flush();
}

/** Records of each partition: those from before this producer and its own. Undefined where a partition has forgotten it. */
async function storedBy(
  client: Millrace,
  { before, ...identity }: ReplayIdentity,
  ends: readonly number[],
): Promise<readonly number[] | undefined> {
  const positions = new Map(
    (await client.producer(identity).resume(FLIGHTS_TOPIC)).map((each) => [each.partition, each]),
  );
  for (const { epoch } of positions.values()) {
    // It was given up in the middle: which flights are stored behind the gap is not in the sequences.
    if (epoch !== identity.producerEpoch) throw new EngineError("replay_lost", LOST);
  }
  if (ends.some((end, partition) => !positions.has(partition) && end > (before[partition] ?? 0))) return undefined;
  return ends.map((_, partition) => (before[partition] ?? 0) + (positions.get(partition)?.lastSequence ?? -1) + 1);
}

async function newProducer(client: Millrace, state: ReplayState, before: readonly number[]): Promise<Producer> {
  const identity = await client.producer().identity();
  state.write({ ...identity, before });
  return client.producer(identity);
}

function missingFlights(flights: readonly Flight[], stored: readonly number[]): readonly Flight[] {
  const seen = stored.map(() => 0);
  return flights.filter((flight) => {
    const partition = partitionOf(flight, stored.length);
    const place = seen[partition] ?? 0;
    seen[partition] = place + 1;
    return place >= (stored[partition] ?? 0);
  });
}
