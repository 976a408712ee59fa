import { createExecutionContext, runInDurableObject } from "cloudflare:test";
import { env as bindings } from "cloudflare:workers";
import { afterEach, describe, expect, test, vi } from "vitest";
import { sales } from "../pipelines/test/forks.ts";
import { hooks } from "../pipelines/test/hooks.ts";
import type { Answer } from "../schema/error.ts";
import { pipelineDescription, pipelineFork, pipelineSwap } from "../schema/wire/answer/pipeline.ts";
import { app } from "../workers/app.ts";
import { PipelineClient } from "../workers/test/pipeline-client.ts";
import type { Env } from "./env.ts";
import { batchOf, catalog, createTopic, partition, readAll } from "./test/client.ts";
import { bundle, faults } from "./test/objects.ts";
import { evict } from "./test/evict.ts";

const env: Env = { ...(bindings as unknown as Env), MILLRACE_AUTH: "off" };
const SHOPS = ["ash", "elm", "oak"];
const PARTITIONS = 2;

afterEach(() => {
  faults.before = faults.after = () => undefined;
  hooks.onValue = () => undefined;
});

async function request(line: string, body?: object): Promise<Response> {
  const [method = "", path = ""] = line.split(" ");
  const init =
    body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } };
  const url = `http://localhost/v1/pipelines/${path}`;
  return app.fetch(new Request(url, { method, ...init }), env, createExecutionContext());
}

/** A pipeline of two versions, and what is sold. */
class Sales {
  readonly name: string;
  readonly client: PipelineClient;
  #input = "";
  #out = "";
  #sold = 0;

  constructor(name: string) {
    this.name = name;
    this.client = new PipelineClient(env, name);
  }

  async open(options: { batches?: boolean } = {}): Promise<void> {
    bundle.push(sales(this.name, 1, options).plan, sales(this.name, 2, options).plan);
    this.#out = await createTopic(env, `${this.name}-out`);
    this.#input = await createTopic(env, `${this.name}-in`, PARTITIONS);
  }

  async sell(count: number): Promise<void> {
    for (let at = 0; at < count; at++) {
      const n = this.#sold++;
      const batch = batchOf([{ key: `${n}`, value: { shop: SHOPS[n % SHOPS.length], n } }]);
      const answer = await partition(env, this.#input, n % PARTITIONS).append({ batch, largestRecordBytes: 100 });
      if (!answer.ok) throw new Error(answer.message);
    }
  }

  async drained(): Promise<void> {
    await vi.waitFor(
      async () => {
        this.client.forget();
        expect(await this.client.drain()).toMatchObject({ ok: true });
      },
      { timeout: 40_000, interval: 50 },
    );
  }

  /** Until it answers that it is done, as a client that tries again. */
  async until<T extends object>(call: () => Promise<Answer<T>>): Promise<T> {
    return vi.waitFor(
      async () => {
        const answer = await call();
        if (!answer.ok) throw new Error(answer.message);
        return answer;
      },
      { timeout: 40_000, interval: 100 },
    );
  }

  /** By shop, who sent each count, in the order sent. */
  async sent(): Promise<{ [shop: string]: { count: number; version: number }[] }> {
    const records = await readAll(partition(env, this.#out));
    const of = (shop: string) => records.filter(({ key }) => key === shop).map(({ value }) => value);
    return Object.fromEntries(SHOPS.map((shop) => [shop, of(shop) as { count: number; version: number }[]]));
  }

  async rows(): Promise<{ shop: string; count: number; version: number }[]> {
    const { results } = await env.DB.prepare(`SELECT * FROM "${this.name.replaceAll("-", "_")}"`).all();
    return results as { shop: string; count: number; version: number }[];
  }

  /** Every count was sent once and in order, by the first version up to a point and by the second from there on. */
  async expectExact(): Promise<{ of1: number; of2: number }> {
    const sent = await this.sent();
    let of2 = 0;
    for (const [at, shop] of SHOPS.entries()) {
      const all = sent[shop] ?? [];
      const sold = Math.floor((this.#sold - at + SHOPS.length - 1) / SHOPS.length);
      expect(all.map(({ count }) => count)).toEqual(Array.from({ length: sold }, (_, n) => n + 1));
      const versions = all.map(({ version }) => version);
      expect(versions).toEqual(versions.toSorted((a, b) => a - b));
      of2 += versions.filter((version) => version === 2).length;
      const rows = (await this.rows()).filter((row) => row.shop === shop).toSorted((a, b) => a.count - b.count);
      expect(rows.map(({ count, version }) => ({ count, version }))).toEqual(all);
    }
    return { of1: this.#sold - of2, of2 };
  }

  async internalTopics(): Promise<string[]> {
    const rows = await runInDurableObject(env.CATALOG.getByName("default"), (_, { storage }) =>
      storage.sql.exec<{ name: string }>(`SELECT name FROM topic WHERE name GLOB '__${this.name}.*'`).toArray(),
    );
    return rows.map((row) => row.name);
  }
}

const TIMEOUT_MS = 180_000;

describe("a fork", { timeout: TIMEOUT_MS }, () => {
  test("runs beside the pipeline, muted, and takes its place without a gap or a double [FRK-1, FRK-2, FRK-3, FRK-5]", async () => {
    const subject = new Sales("forked");
    const { name } = subject;
    await subject.open();
    await subject.sell(20);
    await subject.drained();
    const before = await subject.client.record();
    // A version that takes over as a fork waits for it.
    expect(await catalog(env).reconcile({})).toEqual({ ok: true });
    expect(await subject.client.record()).toMatchObject({
      version: 1,
      state: "running",
      incarnation: before.incarnation,
    });

    const answer = pipelineFork.strict().parse(await (await request(`POST ${name}/fork`, { version: 2 })).json());
    expect(answer).toMatchObject({ name, version: 2, complete: true });
    expect(answer.starts).toHaveLength(PARTITIONS);
    const again = pipelineFork.strict().parse(await (await request(`POST ${name}/fork`)).json());
    expect(again.incarnation).toBe(answer.incarnation);
    await subject.sell(10);
    await subject.drained();
    await vi.waitFor(
      async () => {
        const described = pipelineDescription.strict().parse(await (await request(`GET ${name}`)).json());
        expect(described).toMatchObject({ version: 1, state: "running", fork: { version: 2, state: "running" } });
        expect(described.tasks.every(({ muted }) => !muted)).toBe(true);
        const forked = described.fork?.tasks ?? [];
        expect(forked).toHaveLength(described.tasks.length);
        expect(forked.every(({ muted, lag, outbox }) => muted && lag === 0 && outbox === 0)).toBe(true);
        expect(forked.reduce((sum, { recordsIn }) => sum + recordsIn, 0)).toBeGreaterThanOrEqual(60);
      },
      { timeout: 20_000, interval: 100 },
    );
    expect(await subject.expectExact()).toEqual({ of1: 30, of2: 0 });
    expect(await (await request(`POST ${name}/reset`, {})).json()).toMatchObject({ code: "invalid_request" });

    let selling = true;
    const sell = async (): Promise<void> => {
      while (selling) await subject.sell(1);
    };
    const sold = sell();
    const swapped = await subject.until(() => catalog(env).swapPipeline({ name, version: 2 }));
    selling = false;
    await sold;
    await subject.sell(10);
    expect(swapped).toMatchObject({ version: 2, incarnation: answer.incarnation });
    await subject.drained();
    const { of1, of2 } = await subject.expectExact();
    expect(of1).toBeGreaterThanOrEqual(30);
    expect(of2).toBeGreaterThanOrEqual(10);
    expect(swapped.swappedAt.reduce((sum, { offset }) => sum + offset, 0)).toBe(of1);
    // A call of the swap that comes late stops nothing, or what follows would find that it has.
    subject.client.forget();
    for (const stub of await subject.client.partitions(`${name}-in`))
      expect(await stub.halt({ pipeline: name, fork: answer.incarnation })).toMatchObject({ ok: true });
    const described = pipelineDescription.strict().parse(await (await request(`GET ${name}`)).json());
    expect(described).toMatchObject({ version: 2, state: "running", incarnation: answer.incarnation });
    expect(described.fork).toBeUndefined();
    expect(
      described.tasks.every(({ incarnation, stopAt }) => incarnation === answer.incarnation && stopAt === undefined),
    ).toBe(true);
    expect(await subject.internalTopics()).toEqual([`__${name}.${answer.incarnation}.selectKey-1`]);
    const repeated = pipelineSwap.strict().parse(await (await request(`POST ${name}/swap`, { version: 2 })).json());
    expect(repeated).toMatchObject({ version: 2, swappedAt: [] });
    for (const line of [`POST ${name}/swap`, `DELETE ${name}/fork`])
      expect(await (await request(line)).json()).toMatchObject({ code: "not_found" });
  });

  test("of a pipeline in micro-batches does the same [FRK-3]", async () => {
    const subject = new Sales("forked-batches");
    const { name } = subject;
    await subject.open({ batches: true });
    await subject.sell(9);
    await subject.drained();
    await subject.until(() => catalog(env).forkPipeline({ name, from: "earliest" }));
    await subject.sell(3);
    await subject.until(() => catalog(env).swapPipeline({ name, version: 2 }));
    await subject.sell(6);
    await subject.drained();
    const rows = (await subject.rows()).filter(({ shop }) => shop === "ash").toSorted((a, b) => a.count - b.count);
    expect(rows.at(-1)).toEqual({ shop: "ash", count: 6, version: 2 });
    expect(rows.filter(({ version }) => version === 1).at(-1)?.count).toBe(4);
    expect(new Set(rows.map(({ count }) => count)).size).toBe(rows.length);
  });

  test("that is abandoned leaves nothing, also from the middle of a swap [FRK-4]", async () => {
    const subject = new Sales("abandoned");
    const { name } = subject;
    await env.DB.prepare("CREATE TABLE abandoned (shop TEXT, count INTEGER, PRIMARY KEY (shop, count))").run();
    await subject.open();
    await subject.until(() => catalog(env).forkPipeline({ name, from: "earliest" }));
    await subject.sell(6);
    // The table cannot take what the first version has for it: the swap cannot come to its end.
    const stuck = await catalog(env).swapPipeline({ name });
    expect(stuck).toMatchObject({ ok: false, code: "overloaded" });
    await subject.sell(3);
    expect((await subject.client.record()).fork).toMatchObject({ state: "swapping" });
    expect((await request(`DELETE ${name}/fork`)).status).toBe(204);
    await env.DB.prepare("ALTER TABLE abandoned ADD COLUMN version INTEGER").run();
    await subject.drained();
    expect(await subject.expectExact()).toEqual({ of1: 9, of2: 0 });
    const { fork, incarnation } = await subject.client.record();
    expect(fork).toBeUndefined();
    expect(await subject.internalTopics()).toEqual([`__${name}.${incarnation}.selectKey-1`]);
    const statuses = await subject.client.statuses();
    expect(new Set(statuses.map((status) => status.incarnation))).toEqual(new Set([incarnation]));
    // And another one may follow.
    await subject.until(() => catalog(env).forkPipeline({ name, version: 2, from: "latest" }));
    await subject.until(() => catalog(env).abandonFork({ name }));
  });

  test("has dead letters of its own, which say what the new version cannot do [FRK-2]", async () => {
    const subject = new Sales("forked-letters");
    const { name } = subject;
    await subject.open();
    hooks.onValue = (value) => {
      const { n, version } = value as { n: number; version: number };
      if (n === 1 && version === 2) throw new Error("no 1 in the new version");
    };
    await subject.sell(3);
    await subject.until(() => catalog(env).forkPipeline({ name, from: "earliest" }));
    const { fork } = await subject.client.record();
    const list = async () =>
      ((await (await request(`GET ${name}/dead-letters`)).json()) as { deadLetters: object[] }).deadLetters;
    await vi.waitFor(async () =>
      expect(await list()).toMatchObject([{ state: "waiting", version: 2, incarnation: fork?.incarnation }]),
    );
    hooks.onValue = () => undefined;
    expect(await (await request(`POST ${name}/redrive`, {})).json()).toMatchObject({ redriven: 1 });
    await subject.until(() => catalog(env).swapPipeline({ name, version: 2 }));
    await subject.sell(3);
    await subject.drained();
    expect(await subject.expectExact()).toEqual({ of1: 3, of2: 3 });
  });

  test("is refused where it cannot be [FRK-1]", async () => {
    const subject = new Sales("unforkable");
    const { name } = subject;
    expect(await catalog(env).forkPipeline({ name, from: "earliest" })).toMatchObject({ code: "not_found" });
    await subject.open();
    expect(await catalog(env).forkPipeline({ name, version: 7, from: "earliest" })).toMatchObject({
      code: "not_found",
      message: expect.stringContaining("version 7"),
    });
    expect(await catalog(env).forkPipeline({ name, version: 1, from: "earliest" })).toMatchObject({
      code: "not_found",
    });
    expect(await catalog(env).swapPipeline({ name })).toMatchObject({ code: "not_found" });
    await subject.until(() => catalog(env).forkPipeline({ name, from: "earliest" }));
    expect(await catalog(env).swapPipeline({ name, version: 3 })).toMatchObject({ field: "version" });
    bundle.push(sales(name, 1).version(3).plan);
    await catalog(env).reconcile({});
    expect(await subject.client.record()).toMatchObject({
      version: 1,
      error: expect.stringContaining("the fork of version 2"),
    });
    await subject.until(() => catalog(env).abandonFork({ name }));
    await catalog(env).reconcile({});
    await vi.waitFor(async () => expect(await subject.client.record()).toMatchObject({ version: 3, state: "running" }));
  });
});

describe("whatever call is interrupted", { timeout: TIMEOUT_MS }, () => {
  test.each(["fork", "swap", "abandon"] as const)(
    "a torn %s is finished by what comes after it [FRK-5]",
    async (what) => {
      // Calls before and after which it is torn in turn, spread over all that it makes.
      for (let call = 0; call < 14; call += 3) {
        const subject = new Sales(`torn-${what}-${call}`);
        const { name } = subject;
        await subject.open();
        await subject.sell(4);
        const fork = (): ReturnType<ReturnType<typeof catalog>["forkPipeline"]> =>
          catalog(env).forkPipeline({ name, from: "earliest" });
        const swap = (): ReturnType<ReturnType<typeof catalog>["swapPipeline"]> =>
          catalog(env).swapPipeline({ name, version: 2 });
        if (what !== "fork") await subject.until(fork);
        let left = call >> 1;
        faults[call % 2 === 0 ? "before" : "after"] = (kind, object) => {
          if (kind !== "deliver" && object.includes(name) && left-- === 0) throw new Error("the object is gone");
        };
        const torn = what === "fork" ? fork : what === "swap" ? swap : () => catalog(env).abandonFork({ name });
        await (torn as () => Promise<object>)().catch(() => undefined);
        faults.before = faults.after = () => undefined;
        await evict(env.CATALOG.getByName("default"));
        await subject.sell(2);
        await vi.waitFor(
          async () => {
            expect(await catalog(env).reconcile({})).toEqual({ ok: true });
            const { fork: beside, version } = await subject.client.record();
            const done = what === "fork" ? beside === undefined || beside.state === "running" : beside === undefined;
            expect({ call, done, version }).toMatchObject({ call, done: true });
          },
          { timeout: 40_000, interval: 50 },
        );
        const begun = await subject.client.record();
        if (what === "swap") expect(begun.version).toBe(2);
        else if (begun.fork !== undefined || what === "fork") {
          await subject.until(fork);
          await subject.until(swap);
        }
        await subject.sell(3);
        await subject.drained();
        expect({ call, ...(await subject.expectExact()) }).toMatchObject({ call });
        const { incarnation } = await subject.client.record();
        expect(await subject.internalTopics()).toEqual([`__${name}.${incarnation}.selectKey-1`]);
      }
    },
  );
});
