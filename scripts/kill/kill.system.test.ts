import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { Millrace } from "../../sdk/index.ts";
import { EngineProcess, runScript } from "../engine/engine-process.ts";
import { dataFolder } from "../test/data-folder.ts";
import { seed, seededRandom } from "../test/seeded-random.ts";
import { expectedOf } from "./expected.ts";
import { Feed } from "./feed.ts";
import { closingRecords, shopRecords } from "./records.ts";
import { expectExact } from "./test/expect-exact.ts";
import { readStored } from "./test/stored.ts";
import { createTopics } from "./topics.ts";

const KILLS = 12;
const LONGEST_LIFE_MS = 2_500;
/** So that orders last until the last kill. */
const ORDERS_PER_LIFE = 320;
const AT_ONCE = 40;
const DRAIN_MS = 60_000;
const TIMEOUT_MS = 600_000;
const PIPELINES = ["shop", "counts"];

const random = seededRandom(seed);
const records = shopRecords(seed, KILLS * ORDERS_PER_LIFE);
const closing = closingRecords();
const expected = expectedOf(records, closing);

/** An engine and a client whose requests fail at once when it is gone: none of them may reach the next one. */
class Life {
  readonly client: Millrace;
  readonly #engine: EngineProcess;
  killed = false;

  private constructor(engine: EngineProcess, url: string) {
    this.#engine = engine;
    const send = (address: string, init: RequestInit) =>
      this.killed ? Promise.reject(new Error("the engine was killed")) : fetch(address, init);
    this.client = new Millrace({ url, fetch: send });
  }

  static async begin(dataDir: string): Promise<Life> {
    const engine = new EngineProcess({ dataDir, command: runScript("scripts/kill/engine.ts") });
    return new Life(engine, await engine.ready);
  }

  async kill(): Promise<void> {
    this.killed = true;
    await this.#engine.kill();
  }

  stop(): Promise<number | null> {
    return this.#engine.stop();
  }
}

async function drain({ client }: Life): Promise<void> {
  for (const name of PIPELINES) await client.pipelines.drain(name, { timeoutMs: DRAIN_MS });
}

/** Rows of customers are there before the first order, since an order is joined with what is there. */
async function feedCustomers(life: Life, customers: Feed): Promise<void> {
  await feedRest(life, [customers]);
  await drain(life);
}

/** Orders and payments side by side, in small pieces with pauses; now and then a drain, so that a kill meets deliveries too. */
async function feedSome(
  life: Life,
  feeds: readonly Feed[],
  { most, begun }: { readonly most: number; readonly begun: () => void },
): Promise<void> {
  const runs = await Promise.all(feeds.map((feed) => feed.begin(life.client)));
  const drains = random() < 0.5;
  for (let sent = 0; sent < most && !life.killed; sent += AT_ONCE) {
    await Promise.all(runs.map((run) => run.send(AT_ONCE)));
    begun();
    await sleep(random() * 120);
    if (drains && random() < 0.2) void drain(life).catch(() => {});
  }
}

async function feedRest(life: Life, feeds: readonly Feed[]): Promise<void> {
  for (const feed of feeds) {
    const run = await feed.begin(life.client);
    await run.send(run.left);
  }
}

async function storedIn({ client }: Life, topic: string): Promise<number> {
  const { partitions } = await client.topics.get(topic);
  return partitions.reduce((sum, { logEndOffset }) => sum + logEndOffset, 0);
}

/** What closes behind an internal topic comes when its upstreams have told how far they are, which no drain waits for. */
async function close(life: Life, feeds: { readonly customers: Feed; readonly orders: Feed }): Promise<void> {
  await feedCustomers(life, feeds.customers);
  await feedRest(life, [feeds.orders]);
  const wanted = { paid: expected.paid.length, counts: expected.counts.length };
  for (const [topic, count] of Object.entries(wanted)) {
    await expect.poll(() => storedIn(life, topic), { timeout: DRAIN_MS, interval: 250 }).toBeGreaterThanOrEqual(count);
  }
  await drain(life);
}

interface Feeds {
  readonly customers: Feed;
  readonly orders: Feed;
  readonly payments: Feed;
}

/** A life that is ended at a random moment, mostly behind its first orders, now and then already while it begins. */
async function liveAndDie(dataDir: string, { customers, orders, payments }: Feeds): Promise<void> {
  const life = await Life.begin(dataDir);
  let begun = (): void => {};
  const fed = new Promise<void>((resolve) => (begun = resolve));
  const work = async (): Promise<void> => {
    await createTopics(life.client);
    await feedCustomers(life, customers);
    await feedSome(life, [orders, payments], { most: ORDERS_PER_LIFE, begun });
  };
  // What a kill cuts off fails, at the latest with its producer's deadline: nobody waits for it.
  const failed = new Promise<never>((_, reject) => {
    work().catch((error: unknown) => {
      if (!life.killed) reject(error as Error);
    });
  });
  const lasts = async (): Promise<void> => {
    if (random() < 0.8) await fed;
    await sleep(random() * LONGEST_LIFE_MS);
  };
  try {
    await Promise.race([lasts(), failed]);
  } finally {
    await life.kill();
  }
}

test(
  `${KILLS} kills at random moments of joins, windows and sinks change nothing, seed ${seed} [FLT-1]`,
  { timeout: TIMEOUT_MS },
  async () => {
    const dataDir = dataFolder();
    const feeds: Feeds = {
      customers: new Feed("customers", records.customers),
      orders: new Feed("orders", records.orders),
      payments: new Feed("payments", records.payments),
    };
    for (let kill = 0; kill < KILLS; kill++) await liveAndDie(dataDir, feeds);

    const life = await Life.begin(dataDir);
    try {
      await createTopics(life.client);
      const before = await storedIn(life, "orders");
      console.log(`seed ${seed}: ${before} of ${records.orders.length} orders were stored when the last kill came`);
      expect(before).toBeGreaterThan(0);
      await feedCustomers(life, feeds.customers);
      await feedRest(life, [feeds.orders, feeds.payments]);
      await drain(life);
      feeds.customers.add(closing.customers);
      feeds.orders.add(closing.orders);
      await close(life, feeds);
      expect(await life.stop()).toBe(0);
    } finally {
      await life.kill();
    }
    const sent = {
      customers: [...records.customers, ...closing.customers],
      orders: [...records.orders, ...closing.orders],
      payments: records.payments,
    };
    expectExact(await readStored(dataDir), expected, sent);
  },
);
