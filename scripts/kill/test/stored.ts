// What a data folder holds, read to the last row.
import { Millrace } from "../../../sdk/index.ts";
import { startEngine } from "../../engine/engine.ts";
import { bucketLines } from "../../test/bucket-files.ts";
import type { Counted, Made } from "../expected.ts";
import { shopWorker } from "../source.ts";
import { INPUTS, OUTPUTS } from "../topics.ts";
import type { Order, PaidOrder, PricedOrder, Sales } from "../worker/shop.ts";

export interface StoredRecord<Value> extends Made<Value> {
  readonly offset: number;
}

/** Records of a topic by partition, in order of offset. */
type Topic<Value> = readonly (readonly StoredRecord<Value>[])[];

export interface Stored {
  readonly inputs: { readonly [topic in keyof typeof INPUTS]: Topic<unknown> };
  readonly priced: Topic<PricedOrder>;
  readonly paid: Topic<PaidOrder>;
  readonly counts: Topic<Counted>;
  /** Values. */
  readonly deadLetters: readonly Order[];
  /** The D1 table, by category and window. */
  readonly sales: readonly Sales[];
  /** Lines of the files in R2 by customer, sorted. */
  readonly files: ReadonlyMap<string, readonly string[]>;
}

/** Only while no engine runs on it. */
export async function readStored(dataDir: string): Promise<Stored> {
  const files = await bucketLines(dataDir, "paid");
  const engine = await startEngine({ dataDir, cron: false, source: shopWorker });
  try {
    const client = new Millrace({ url: engine.url });
    const letters = [
      ...(await topic<Order>(client, "shop.dead-letters", 1)).flat(),
      ...(await topic<Order>(client, "counts.dead-letters", 1)).flat(),
    ];
    const database = await engine.d1();
    const { results } = await database.prepare("SELECT * FROM sales ORDER BY category, window_start").all();
    return {
      inputs: {
        customers: await topic(client, "customers", INPUTS.customers),
        orders: await topic(client, "orders", INPUTS.orders),
        payments: await topic(client, "payments", INPUTS.payments),
      },
      priced: await topic(client, "priced", OUTPUTS.priced),
      paid: await topic(client, "paid", OUTPUTS.paid),
      counts: await topic(client, "counts", OUTPUTS.counts),
      deadLetters: letters.map(({ value }) => value),
      sales: results as unknown as Sales[],
      files,
    };
  } finally {
    await engine.stop();
  }
}

function topic<Value>(client: Millrace, name: string, partitions: number): Promise<Topic<Value>> {
  return Promise.all(
    Array.from({ length: partitions }, async (_, partition) => {
      const read: StoredRecord<Value>[] = [];
      for await (const record of client.reader(name, partition, { from: "earliest", stopAtEnd: true })) {
        const { offset, key, timestampMs } = record;
        read.push({ offset, key: String(key), timestampMs, value: record.json<Value>() });
      }
      return read;
    }),
  );
}
