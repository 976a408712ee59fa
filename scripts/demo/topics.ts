import { FLIGHTS_TOPIC } from "../../pipelines/flight.ts";
import type { Millrace } from "../../sdk/index.ts";

export const FLIGHTS_PARTITIONS = 4;
export const ALERTS_TOPIC = "delay-alerts";

/** The flights are of 2001: any bound on age would remove them at once. */
const FOREVER = { retentionMs: -1 };

/** The pipelines start by themselves once the topics they read and write are there. */
export async function createTopics(client: Millrace): Promise<void> {
  await client.topics.create(ALERTS_TOPIC, { partitions: 1, config: FOREVER });
  await client.topics.create(FLIGHTS_TOPIC, { partitions: FLIGHTS_PARTITIONS, config: FOREVER });
}

export async function storedRecords(client: Millrace, topic: string): Promise<number> {
  const { partitions } = await client.topics.get(topic);
  return partitions.reduce((sum, { logEndOffset }) => sum + logEndOffset, 0);
}
