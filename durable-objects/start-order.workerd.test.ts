import { env as bindings, exports } from "cloudflare:workers";
import { afterEach, describe, expect, test } from "vitest";
import { fail, pipeline, type Pipeline } from "../sdk/streams/index.ts";
import { PipelineClient } from "../workers/test/pipeline-client.ts";
import type { Env } from "./env.ts";
import { hooks } from "../pipelines/test/hooks.ts";
import { batchOf, catalog, createTopic, partition, readAll, type TestRecord } from "./test/client.ts";
import { bundle, faults } from "./test/objects.ts";
import { evict } from "./test/evict.ts";

const env = bindings as unknown as Env;
const self = (exports as unknown as { default: Fetcher }).default;
const TIMEOUT_MS = 120_000;
const POLL = { timeout: 60_000, interval: 100 };
const PARTITIONS = 2;
const KEYS = ["a", "b", "c", "d"];
/** Of each key: so many prices, the last one counts. */
const PRICES = 150;

/** Orders with what their group costs in the end: both sides come through internal topics. */
function costs(name: string): Pipeline {
  return pipeline(name, ({ stream, globalTable }) => {
    const prices = stream<{ group: string; price: number }>(`${name}-prices`)
      .peek((value) => hooks.onValue(value))
      .selectKey(({ group }) => group)
      .toTable({ store: "prices" });
    stream<{ group: string; n: number }>(`${name}-orders`)
      .selectKey(({ group }) => group)
      .leftJoin(prices, ({ n }, row) => ({ n, price: row?.price ?? null }))
      .leftJoin(globalTable<number>(`${name}-rates`), (order, rate) => ({ ...order, rate }), { key: () => "euro" })
      .to(`${name}-out`);
  });
}

class Costs {
  readonly name: string;
  readonly client: PipelineClient;
  readonly #ids = new Map<string, string>();

  constructor(name: string, subject: Pipeline = costs(name)) {
    this.name = name;
    this.client = new PipelineClient(env, name);
    bundle.push(subject.plan);
  }

  async create(topic: string, partitions = PARTITIONS): Promise<void> {
    this.#ids.set(topic, await createTopic(env, `${this.name}-${topic}`, partitions));
  }

  async append(topic: string, number: number, records: readonly TestRecord[]): Promise<void> {
    const stub = partition(env, this.#ids.get(topic) ?? "", number);
    const answer = await stub.append({ batch: batchOf(records), largestRecordBytes: 100 });
    if (!answer.ok) throw new Error(answer.message);
  }

  async history(): Promise<void> {
    for (const topic of ["prices", "orders", "rates"]) await this.create(topic);
    for (let price = 1; price <= PRICES; price++) {
      const records = KEYS.map((group) => ({ key: `${price}`, value: { group, price } }));
      await this.append("prices", 0, records);
    }
    await this.append("rates", 1, [
      { key: "euro", value: 1 },
      { key: "euro", value: 2 },
    ]);
    for (let number = 0; number < PARTITIONS; number++)
      await this.append(
        "orders",
        number,
        KEYS.map((group, n) => ({ key: group, value: { group, n } })),
      );
  }

  async state(): Promise<{ state: string; error?: string }> {
    const answer = await self.fetch(`http://millrace/v1/pipelines/${this.name}`);
    return (await answer.json()) as { state: string; error?: string };
  }

  async running(): Promise<void> {
    await expect
      .poll(async () => {
        await catalog(env).reconcile({});
        return (await this.state()).state;
      }, POLL)
      .toBe("running");
    this.client.forget();
    await expect.poll(() => this.client.drain(), POLL).toMatchObject({ ok: true });
  }

  async sent(): Promise<{ n: number; price: number; rate: number }[]> {
    const records = await readAll(partition(env, this.#ids.get("out") ?? ""));
    return records.map(({ value }) => value as { n: number; price: number; rate: number });
  }

  /** Of the tasks on a topic, of one incarnation. */
  async tasks(topic: string, incarnation: number): Promise<{ state: string; position: number }[]> {
    const found: { state: string; position: number }[] = [];
    for (let number = 0; number < PARTITIONS; number++) {
      const answer = await partition(env, this.#ids.get(topic) ?? "", number).tasks({ pipeline: this.name });
      if (!answer.ok) throw new Error(answer.message);
      const own = answer.tasks.filter((task) => task.incarnation === incarnation);
      found.push(...own.map(({ state, position }) => ({ state, position })));
    }
    return found;
  }

  positions = async (topic: string): Promise<number[]> =>
    (await this.client.statuses()).filter((task) => task.topic === topic).map(({ position }) => position);
}

afterEach(() => {
  faults.before = () => undefined;
  hooks.onValue = () => undefined;
});

describe("a stream that is joined with tables", { timeout: TIMEOUT_MS }, () => {
  test("begins when they have what their topics held, over lost deliveries and evictions [CAT-23]", async () => {
    const subject = new Costs("costs");
    await subject.history();
    faults.before = (call, name) => {
      if (call === "deliver" && name.startsWith("__costs.")) throw new Error("away");
    };
    await subject.create("out", 1);
    expect(await subject.state()).toMatchObject({
      state: "bootstrapping",
      error: expect.stringMatching(/^streams wait for their tables: /),
    });
    expect(await subject.positions("costs-orders")).toEqual([0, 0]);
    await subject.append("orders", 0, [{ key: "a", value: { group: "a", n: 9 } }]);
    await evict(env.CATALOG.getByName("default"));
    for (const stub of await subject.client.allPartitions()) await evict(stub);
    expect(await subject.positions("costs-orders")).toEqual([0, 0]);
    expect(await subject.sent()).toEqual([]);
    faults.before = () => undefined;
    await subject.running();
    const sent = await subject.sent();
    expect(sent).toHaveLength(PARTITIONS * KEYS.length + 1);
    for (const { price, rate } of sent) expect({ price, rate }).toEqual({ price: PRICES, rate: 2 });

    // Running, the order is that of arrival; a reset begins as the first start did.
    // In the partition of the prices before it: between partitions there is no order.
    await subject.append("prices", 0, [{ key: "b", value: { group: "b", price: 777 } }]);
    await expect.poll(() => subject.client.drain(), POLL).toMatchObject({ ok: true });
    const { incarnation } = await subject.client.record();
    await catalog(env).resetPipeline({ name: "costs", from: "earliest" });
    await subject.running();
    expect((await subject.client.record()).incarnation).toBe(incarnation + 1);
    const again = (await subject.sent()).slice(sent.length);
    expect(again).toHaveLength(sent.length);
    for (const { n, price } of again) expect(price).toBe(n === 1 ? 777 : PRICES);
  });

  test("begins at once where their topics are empty [CAT-23]", async () => {
    const subject = new Costs("cheap");
    for (const topic of ["prices", "orders", "rates"]) await subject.create(topic);
    await subject.append("orders", 0, [{ key: "a", value: { group: "a", n: 1 } }]);
    await subject.create("out", 1);
    expect(await subject.state()).toMatchObject({ state: "running" });
    await subject.running();
    expect(await subject.sent()).toEqual([{ n: 1, price: null, rate: null }]);
  });

  test("waits for a table whose code has failed until that is resumed [CAT-23]", async () => {
    const subject = new Costs("dear", costs("dear").onError(fail()));
    await subject.history();
    hooks.onValue = (value) => {
      if ((value as { price: number }).price === 100) throw new Error("too dear");
    };
    await subject.create("out", 1);
    await expect
      .poll(async () => {
        await catalog(env).reconcile({});
        return subject.state();
      }, POLL)
      .toMatchObject({ state: "bootstrapping", error: expect.stringContaining("too dear") });
    expect(await catalog(env).setPipelineState({ name: "dear", state: "paused" })).toMatchObject({ ok: false });
    hooks.onValue = () => undefined;
    expect(await catalog(env).setPipelineState({ name: "dear", state: "running" })).toEqual({ ok: true });
    await subject.running();
    for (const { price } of await subject.sent()) expect(price).toBe(PRICES);
  });

  test("fixes where it begins before it waits: a reset from the latest offset misses nothing [CAT-23]", async () => {
    const subject = new Costs("late-costs");
    await subject.history();
    await subject.create("out", 1);
    await subject.running();
    const before = (await subject.sent()).length;
    faults.before = (call, name) => {
      if (call === "deliver" && name.startsWith("__late-costs.")) throw new Error("away");
    };
    await subject.append("prices", 0, [{ key: "b", value: { group: "b", price: 5 } }]);
    await catalog(env).resetPipeline({ name: "late-costs", from: "latest" });
    await subject.append("orders", 0, [{ key: "b", value: { group: "b", n: 3 } }]);
    faults.before = () => undefined;
    await subject.running();
    expect((await subject.sent()).slice(before)).toEqual([{ n: 3, price: null, rate: null }]);
  });
});

test(
  "a fork that waits for its tables is left alone when its pipeline is paused and resumed [FRK-6]",
  { timeout: TIMEOUT_MS },
  async () => {
    const name = "forked-costs";
    const subject = new Costs(name);
    await subject.history();
    await subject.create("out", 1);
    await subject.running();
    const main = (await subject.client.record()).incarnation;
    const before = (await subject.sent()).length;
    bundle.push(costs(name).version(2, { takesOver: "fork" }).plan);
    faults.before = (call, object) => {
      if (call === "deliver" && object.startsWith(`__${name}.`)) throw new Error("away");
    };
    const fork = () => catalog(env).forkPipeline({ name, from: "earliest" });
    expect(await fork()).toMatchObject({ ok: false });
    const { incarnation = 0, state } = (await subject.client.record()).fork ?? {};
    expect(state).toBe("bootstrapping");

    const states = async (topic: string, of: number) => (await subject.tasks(topic, of)).map((task) => task.state);
    const all = (each: string): string[] => Array.from({ length: PARTITIONS }, () => each);
    for (const call of ["paused", "running"] as const) {
      expect(await catalog(env).setPipelineState({ name, state: call })).toEqual({ ok: true });
      for (const topic of ["prices", "orders"]) expect(await states(topic, main)).toEqual(all(call));
      expect(await states("prices", incarnation)).toEqual(all("running"));
      expect(await subject.tasks("orders", incarnation)).toEqual(
        all("paused").map((held) => ({ state: held, position: 0 })),
      );
    }

    faults.before = () => undefined;
    await expect.poll(async () => (await fork()).ok, POLL).toBe(true);
    // One that runs is paused and resumed with it.
    for (const call of ["paused", "running"] as const) {
      expect(await catalog(env).setPipelineState({ name, state: call })).toEqual({ ok: true });
      for (const topic of ["prices", "orders"])
        for (const of of [main, incarnation]) expect(await states(topic, of)).toEqual(all(call));
    }
    await expect.poll(async () => (await catalog(env).swapPipeline({ name, version: 2 })).ok, POLL).toBe(true);
    await subject.append("orders", 0, [{ key: "a", value: { group: "a", n: 9 } }]);
    subject.client.forget();
    await expect.poll(() => subject.client.drain(), POLL).toMatchObject({ ok: true });
    expect((await subject.sent()).slice(before)).toEqual([{ n: 9, price: PRICES, rate: 2 }]);
  },
);
