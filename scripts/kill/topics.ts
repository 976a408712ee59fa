import type { Millrace } from "../../sdk/index.ts";

/** Those that are fed, with so many partitions: no two that are joined have the same number. */
export const INPUTS = { customers: 2, orders: 3, payments: 2 } as const;
export const OUTPUTS = { priced: 2, paid: 2, counts: 1, "shop.dead-letters": 1, "counts.dead-letters": 1 } as const;

export type Input = keyof typeof INPUTS;

/** The records are of a day long past: any bound on age would remove them at once. */
const FOREVER = { retentionMs: -1 };

/** Both pipelines start once the last of them is there; what a pipeline would make by itself comes before that. */
export async function createTopics(client: Millrace): Promise<void> {
  for (const [topic, partitions] of Object.entries({ ...OUTPUTS, ...INPUTS }))
    await client.topics.create(topic, { partitions, config: FOREVER });
}
