import { env as bindings } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { finds } from "../pipelines/test/lookups.ts";
import { hooks } from "../pipelines/test/hooks.ts";
import { LOOKUPS_PER_EVENT } from "../schema/limits.ts";
import { partitionName } from "../schema/rpc/log.ts";
import { PipelineClient } from "../workers/test/pipeline-client.ts";
import type { Env } from "./env.ts";
import { aborts } from "./test/aborts.ts";
import { batchOf, catalog, createTopic, partition, readAll } from "./test/client.ts";
import { evict } from "./test/evict.ts";

const env = bindings as unknown as Env;
const TIMEOUT_MS = 60_000;
const POLL = { timeout: 30_000, interval: 50 };

class Asked {
  readonly client: PipelineClient;
  readonly input: string;
  readonly out: string;
  readonly letters: string;

  private constructor(client: PipelineClient, ids: { input: string; out: string; letters: string }) {
    this.client = client;
    this.input = ids.input;
    this.out = ids.out;
    this.letters = ids.letters;
  }

  static async begin(name: string): Promise<Asked> {
    const out = await createTopic(env, `${name}-out`);
    const input = await createTopic(env, `${name}-in`);
    const letters = await catalog(env).topic({ topic: `${name}.dead-letters` });
    return new Asked(new PipelineClient(env, name), {
      input,
      out,
      letters: letters.ok ? letters.identity.topicId : "",
    });
  }

  async append(...values: readonly unknown[]): Promise<void> {
    const batch = batchOf(values.map((value) => ({ key: "k", value })));
    const answer = await partition(env, this.input).append({ batch, largestRecordBytes: 100 });
    if (!answer.ok) throw new Error(answer.message);
  }

  numbers(...numbers: readonly number[]): Promise<void> {
    return this.append(...numbers.map((n) => ({ n })));
  }

  async sent(): Promise<unknown[]> {
    return (await readAll(partition(env, this.out))).map(({ value }) => value);
  }

  async dead(): Promise<readonly [unknown, string | undefined][]> {
    const letters = await readAll(partition(env, this.letters));
    return letters.map(({ value, headers }) => [value, headers["millrace.error"]]);
  }

  /** A watchdog's call, as the cron makes it: an object that has ended comes back. */
  async status() {
    await partition(env, this.input).touch({});
    const answer = await partition(env, this.input).tasks({ pipeline: this.client.name });
    return answer.ok ? answer.tasks[0] : undefined;
  }

  async reached(position: number): Promise<void> {
    await expect.poll(async () => (await this.status().catch(() => undefined))?.position, POLL).toBe(position);
    await expect.poll(() => this.client.drain(), POLL).toMatchObject({ ok: true });
  }
}

const found = (...numbers: readonly number[]): unknown[] => numbers.map((n) => ({ n, found: n }));

/**
 * Asked for, and answered when the test says so. A promise that another context resolves would go on in that one, so each
 * call looks by itself.
 */
function heldBack(): { readonly asked: number[]; readonly answer: () => void } {
  const asked: number[] = [];
  let answered = 0;
  finds.onKey = async (_, n) => {
    const place = asked.push(n);
    while (answered < place) await new Promise((resolve) => setTimeout(resolve, 20));
    return n;
  };
  return { asked, answer: () => (answered = asked.length) };
}

afterEach(() => {
  finds.onKey = (_, n) => Promise.resolve(n);
  hooks.onValue = () => undefined;
  vi.restoreAllMocks();
});

describe("lookups", { timeout: TIMEOUT_MS }, () => {
  test("find rows of a real D1 table, each key of a slice once, and keep what they found [LKP-5, LKP-7]", async () => {
    await env.DB.prepare("CREATE TABLE things (id INTEGER PRIMARY KEY, name TEXT, weight REAL)").run();
    await env.DB.prepare("INSERT INTO things VALUES (1, 'one', 1.5), (2, 'two', NULL)").run();
    const asked = await Asked.begin("with-things");
    await asked.numbers(1, 2, 3, 1);
    await asked.reached(4);
    const one = { n: 1, name: "one", weight: 1.5 };
    expect(await asked.sent()).toEqual([
      one,
      { n: 2, name: "two", weight: null },
      { n: 3, name: null, weight: null },
      one,
    ]);
    await env.DB.prepare("UPDATE things SET name = 'other'").run();
    await asked.numbers(1);
    await asked.reached(5);
    expect((await asked.sent()).at(-1)).toEqual(one);
    await evict(partition(env, asked.input));
    await asked.numbers(1);
    await asked.reached(6);
    expect((await asked.sent()).at(-1)).toEqual({ ...one, name: "other" });
  });

  test("find a thousand rows of D1 in as few queries as its limits allow [LKP-5]", async () => {
    const asked = await Asked.begin("with-things");
    const prepare = vi.spyOn(env.DB, "prepare");
    const many = Array.from({ length: 1_000 }, (_, at) => 1_000 + at);
    const { position = 0 } = (await asked.status()) ?? {};
    await asked.numbers(...many);
    await asked.reached(position + many.length);
    expect(await asked.sent()).toHaveLength(position + many.length);
    expect(prepare.mock.calls.filter(([query]) => query.includes('"things"')).length).toBeLessThanOrEqual(2);
  });

  test("ask a service that is bound to the Worker over HTTP [LKP-5]", async () => {
    const asked = await Asked.begin("with-rates");
    await asked.append("usd", "xxx", "bad", "euros");
    await asked.reached(4);
    expect(await asked.sent()).toEqual([
      { currency: "usd", rate: 3 },
      { currency: "xxx", rate: null },
      { currency: "euros", rate: 5 },
    ]);
    expect(await asked.dead()).toEqual([["bad", "rates.example answered 500 (tried 1 times)"]]);
  });
});

describe("while a lookup is waited for", { timeout: TIMEOUT_MS }, () => {
  let asked: Asked;

  beforeAll(async () => {
    await createTopic(env, "beside-looks-out");
    asked = await Asked.begin("looks");
  });

  test("appends and other tasks of the partition go on, and the records keep their order [LKP-2]", async () => {
    const held = heldBack();
    await asked.numbers(1, 2);
    await expect.poll(() => held.asked, POLL).toEqual([1, 2]);
    await asked.numbers(3);
    const beside = new PipelineClient(env, "beside-looks");
    await expect.poll(async () => (await beside.statuses())[0]?.position, POLL).toBe(3);
    expect(await asked.status()).toMatchObject({ position: 0, lag: 3 });
    expect(held.asked).toEqual([1, 2]);
    held.answer();
    await expect.poll(() => held.asked, POLL).toEqual([1, 2, 3]);
    held.answer();
    await asked.reached(3);
    expect(await asked.sent()).toEqual(found(1, 2, 3));
  });

  test("a pause in between asks again, and what came for the former asking counts for nothing [LKP-2]", async () => {
    const paused = await Asked.begin("looks-paused");
    const held = heldBack();
    await paused.numbers(1);
    await expect.poll(() => held.asked, POLL).toEqual([1]);
    await catalog(env).setPipelineState({ name: "looks-paused", state: "paused" });
    held.answer();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await paused.sent()).toEqual([]);
    await catalog(env).setPipelineState({ name: "looks-paused", state: "running" });
    await expect.poll(() => held.asked, POLL).toEqual([1, 1]);
    held.answer();
    await paused.reached(1);
    expect(await paused.sent()).toEqual(found(1));
  });

  test("a reset in between is of another incarnation, which asks for itself [LKP-2]", async () => {
    const held = heldBack();
    await asked.numbers(4);
    await expect.poll(() => held.asked, POLL).toEqual([4]);
    expect(await catalog(env).resetPipeline({ name: "looks", from: "latest" })).toMatchObject({ ok: true });
    held.answer();
    await asked.numbers(5);
    await expect.poll(() => held.asked, POLL).toEqual([4, 5]);
    held.answer();
    asked.client.forget();
    await asked.reached(5);
    expect(await asked.sent()).toEqual(found(1, 2, 3, 5));
  });

  test("an object that ends looks up again, and nothing is there twice [LKP-2]", async () => {
    const killed = await Asked.begin("looks-killed");
    const asked: number[] = [];
    finds.onKey = (_, n) => {
      asked.push(n);
      if (asked.length === 2) aborts.get(partitionName(killed.input, 0))?.("while lookups are waited for");
      return asked.length <= 2 ? new Promise(() => undefined) : Promise.resolve(n);
    };
    await killed.numbers(1, 2);
    await killed.reached(2);
    for (const stub of await killed.client.allPartitions()) await evict(stub);
    expect(await killed.sent()).toEqual(found(1, 2));
    expect(await killed.client.store("sums")).toEqual(new Map([["k", 3]]));
    expect(asked).toEqual([1, 2, 1, 2]);
  });
});

describe("a slice that may have to be small", { timeout: TIMEOUT_MS }, () => {
  test("ends before what was found is too much, and nothing is left out [LKP-11]", async () => {
    const asked = await Asked.begin("looks-large");
    const records = 200;
    const text = "x".repeat(90_000);
    finds.onKey = () => Promise.resolve(text);
    await asked.numbers(...Array.from({ length: records }, (_, at) => at));
    await asked.reached(records);
    const { lastBatch } = (await asked.status()) ?? {};
    expect(lastBatch?.to).toBe(records);
    expect(lastBatch?.from).toBeGreaterThan(0);
    expect(await asked.client.store("sums")).toEqual(new Map([["k", (records * (records - 1)) / 2]]));
  });

  test("stays as careful as the wake found it while its lookups are waited for [LKP-2, ENG-4]", async () => {
    const careful = await Asked.begin("looks-careful");
    const end = (): void => aborts.get(partitionName(careful.input, 0))?.("while this record is processed");
    const seen: string[] = [];
    let [runs, calls] = [0, 0];
    hooks.onValue = (value) => {
      // Each record leads to its lookup once when it is asked for, and once when it runs.
      seen.push(`${(value as { n: number }).n}`);
      if (++runs !== 3) return;
      end();
      throw new Error("aborted");
    };
    finds.onKey = async (_, n) => {
      seen.push(`asked ${n}`);
      if (++calls !== 3) return n;
      // What was written before the call is durable by then.
      await new Promise((resolve) => setTimeout(resolve, 100));
      end();
      return new Promise(() => undefined);
    };
    await careful.numbers(1, 2);
    await careful.reached(2);
    const slices = ["1 2 asked 1 asked 2 1", "1 asked 1", "1 asked 1 1", "2 asked 2 2"];
    expect(seen.join(" ")).toBe(slices.join(" "));
    expect(await careful.sent()).toEqual(found(1, 2));
  });
});

describe("a lookup that fails", { timeout: TIMEOUT_MS }, () => {
  test("is made again, and its task says so meanwhile [LKP-4]", async () => {
    const asked = await Asked.begin("looks-again");
    let calls = 0;
    finds.onKey = (_, n) => {
      calls++;
      if (calls === 1) return Promise.reject(new Error("away"));
      return calls === 2 ? new Promise(() => undefined) : Promise.resolve(n);
    };
    await asked.numbers(1);
    await expect.poll(async () => (await asked.status())?.error, POLL).toBe("lookup-1: no answer within 300 ms");
    await asked.reached(1);
    expect(calls).toBe(3);
    expect(await asked.sent()).toEqual(found(1));
    expect((await asked.status())?.error).toBeUndefined();
  });

  test("stops its task where the policy says so, until it is resumed [LKP-6]", async () => {
    const asked = await Asked.begin("looks-failing");
    let works = false;
    finds.onKey = (_, n) => (n !== 2 || works ? Promise.resolve(n) : Promise.reject(new Error("away")));
    await asked.numbers(1, 2, 3);
    await expect
      .poll(() => asked.status(), POLL)
      .toMatchObject({ state: "failed", position: 1, error: "lookup-1 at offset 1: away (tried 1 times)" });
    works = true;
    await partition(env, asked.input).resume({ pipeline: "looks-failing" });
    await asked.reached(3);
    expect(await asked.sent()).toEqual(found(1, 2, 3));
  });

  test("is asked anew with the record that is tried again [LKP-6]", async () => {
    const asked = await Asked.begin("looks-retrying");
    let left = 3;
    finds.onKey = (_, n) => (n === 2 && left-- > 0 ? Promise.reject(new Error("away")) : Promise.resolve(n));
    await asked.numbers(1, 2, 3);
    await asked.reached(3);
    expect(left).toBe(-1);
    expect(await asked.sent()).toEqual(found(1, 2, 3));
    expect(await asked.dead()).toEqual([]);
  });
});

describe("what leads to a lookup", { timeout: TIMEOUT_MS }, () => {
  test("and ends the object is a dead letter after three wakes [LKP-2, ENG-4]", async () => {
    const asked = await Asked.begin("looks-looping");
    hooks.onValue = (value) => {
      if ((value as { n: number }).n !== 666) return;
      aborts.get(partitionName(asked.input, 0))?.("this record ends the object");
      throw new Error("aborted");
    };
    await asked.numbers(1, 666, 2);
    await asked.reached(3);
    expect(await asked.sent()).toEqual(found(1, 2));
    expect(await asked.dead()).toEqual([[{ n: 666 }, expect.stringContaining("object ended")]]);
  });

  test("and makes more calls than an event should goes on in another [LKP-10]", async () => {
    const asked = await Asked.begin("looks-much");
    const keys = LOOKUPS_PER_EVENT + 1_500;
    let calls = 0;
    finds.onKey = (_, n) => Promise.resolve((calls++, n));
    for (let from = 0; from < keys; from += 500)
      await asked.numbers(...Array.from({ length: 500 }, (_, at) => from + at));
    await asked.reached(keys);
    expect(calls).toBe(keys);
    expect(await asked.sent()).toHaveLength(keys);
  });
});
