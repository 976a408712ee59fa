import { createTopic, partition, readAll, type TestRecord } from "../../durable-objects/test/client.ts";
import type { Env } from "../../durable-objects/env.ts";
import type { Sale } from "../../pipelines/test/internal-topics.ts";
import { expect } from "vitest";
import { PipelineClient } from "./pipeline-client.ts";

const SHOPS = ["ash", "ant", "bee", "bat", "cow", "cat"];

/** Sells through a `chain` of pipelines/test/internal-topics.ts, and knows what must come of it. */
export class ChainClient {
  readonly client: PipelineClient;
  readonly #env: Env;
  readonly #shops = new Map<string, number>();
  #sales = 0;
  #sold = 0;

  constructor(env: Env, name: string) {
    this.#env = env;
    this.client = new PipelineClient(env, name);
  }

  /** So many sales over both topics and all their partitions. */
  async sell(count: number): Promise<void> {
    const { name } = this.client;
    const { partitions } = await this.client.input(`${name}-a`);
    const batches = new Map<string, TestRecord[]>();
    for (let left = count; left > 0; left--) {
      const n = this.#sales++;
      const sale: Sale = { shop: SHOPS[n % SHOPS.length] ?? "", amount: n };
      this.#shops.set(sale.shop, (this.#shops.get(sale.shop) ?? 0) + sale.amount);
      const to = `${name}-${n % 2 === 0 ? "a" : "b"}/${n % partitions}`;
      const records = batches.get(to) ?? [];
      batches.set(to, [...records, { key: `k${n}`, value: sale, timestampMs: 1_700_000_000_000 + n }]);
    }
    for (const [to, records] of batches) {
      const [input = "", number] = to.split("/");
      await this.client.append(input, Number(number), records);
    }
  }

  /** A newer incarnation runs: the output has the sales so far of the one before, and gets them again. */
  replaced(): void {
    this.#sold += this.#sales;
    this.client.forget();
  }

  /** Every sale is in the stores, and has caused one record of the output. */
  async expectExact(): Promise<void> {
    const regions = new Map<string, Record<string, number>>();
    for (const [shop, total] of this.#shops) {
      const region = shop.slice(0, 1);
      regions.set(region, { ...regions.get(region), [shop]: total });
    }
    expect(await this.client.store("shops")).toEqual(this.#shops);
    expect(await this.client.store("regions")).toEqual(regions);
    const outId = await createTopic(this.#env, `${this.client.name}-out`, 1);
    const out = await readAll(partition(this.#env, outId));
    expect(out).toHaveLength(this.#sold + this.#sales);
    expect(new Map(out.map(({ key, value }) => [key, value]))).toEqual(regions);
  }
}
