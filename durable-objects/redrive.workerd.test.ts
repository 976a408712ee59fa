import { createExecutionContext, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env as bindings } from "cloudflare:workers";
import { afterEach, expect, test, vi } from "vitest";
import { type Called, calls } from "../pipelines/test/batch-functions.ts";
import { finds } from "../pipelines/test/lookups.ts";
import { hooks } from "../pipelines/test/hooks.ts";
import {
  deadLetterList,
  type DeadLetterListJson,
  redriveAnswer,
  type RedriveJson,
} from "../schema/wire/answer/dead-letter.ts";
import { app } from "../workers/app.ts";
import type { Env } from "./env.ts";
import { aborts } from "./test/aborts.ts";
import { batchOf, catalog, createTopic, partition, readAll, type TestRecord } from "./test/client.ts";
import { evict } from "./test/evict.ts";

const env: Env = { ...(bindings as unknown as Env), MILLRACE_AUTH: "off" };

async function append(id: string, ...records: readonly TestRecord[]): Promise<void> {
  const answer = await partition(env, id).append({ batch: batchOf(records), largestRecordBytes: 100 });
  if (!answer.ok) throw new Error(answer.message);
}

const numbers = (...all: readonly number[]): TestRecord[] =>
  all.map((n) => ({ key: n % 2 === 0 ? "even" : "odd", value: { n } }));

async function ask(line: string, body?: object): Promise<Response> {
  const [method = "", path = ""] = line.split(" ");
  const init =
    body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } };
  return app.fetch(new Request(`http://localhost${path}`, { method, ...init }), env, createExecutionContext());
}

async function request(line: string, body?: object): Promise<unknown> {
  const [method = "", path = ""] = line.split(" ");
  return (await ask(`${method} /v1/pipelines/${path}`, body)).json();
}

async function letters(pipeline: string, query = ""): Promise<DeadLetterListJson> {
  return deadLetterList.strict().parse(await request(`GET ${pipeline}/dead-letters${query}`));
}

async function redrive(pipeline: string, body: object = {}): Promise<RedriveJson> {
  return redriveAnswer.strict().parse(await request(`POST ${pipeline}/redrive`, body));
}

/** Until all has been read, run again and delivered, over crashes. */
async function drain(pipeline: string, id: string): Promise<void> {
  await vi.waitFor(
    async () => expect(await partition(env, id).drain({ pipeline, timeoutMs: 5_000 })).toEqual({ ok: true }),
    { timeout: 40_000, interval: 50 },
  );
}

async function numbersIn(id: string): Promise<number[]> {
  return (await readAll(partition(env, id))).map(({ value }) => (value as { n: number }).n);
}

function refuse(...bad: readonly number[]): void {
  hooks.onValue = (value) => {
    if (bad.includes((value as { n: number }).n)) throw new Error(`no ${(value as { n: number }).n}`);
  };
}

afterEach(() => {
  hooks.onValue = () => undefined;
  calls.onBatch = () => Promise.resolve();
  finds.onKey = (_, n) => Promise.resolve(n);
  vi.restoreAllMocks();
});

test.each(["redriven", "redriven-batches"])(
  "%s: dead letters are listed and run again once, over HTTP and through crashes [ERR-5, ERR-7, PIP-21, PIP-22]",
  async (name) => {
    const out = await createTopic(env, `${name}-out`);
    const input = await createTopic(env, `${name}-in`);
    refuse(2, 3, 5);
    await append(input, ...numbers(1, 2, 3, 4, 5));
    await drain(name, input);
    expect(await numbersIn(out)).toEqual([1, 4]);
    const listed = await letters(name);
    expect(listed.topic).toBe(`${name}.dead-letters`);
    expect(listed.deadLetters).toMatchObject([
      {
        partition: 0,
        offset: 0,
        state: "waiting",
        kind: "record",
        error: "no 2",
        node: "peek-1",
        topic: `${name}-in`,
        record: { partition: 0, offset: 1, timestamp: 1_700_000_000_000, key: "even", value: { n: 2 }, headers: {} },
      },
      { offset: 1, error: "no 3" },
      { offset: 2, error: "no 5" },
    ]);
    expect((await letters(name, "?from=1&to=2")).deadLetters.map(({ offset }) => offset)).toEqual([1]);
    expect((await letters(name, "?key=even")).deadLetters.map(({ offset }) => offset)).toEqual([0]);
    const first = await letters(name, "?limit=2");
    expect(first.deadLetters.map(({ offset }) => offset)).toEqual([0, 1]);
    expect((await letters(name, `?limit=2&cursor=${first.cursor}`)).deadLetters.map(({ offset }) => offset)).toEqual([
      2,
    ]);
    expect(await request(`GET ${name}/dead-letters?partition=1`)).toMatchObject({ code: "unknown_partition" });
    expect(await request(`GET ${name}/dead-letters?cursor=x`)).toMatchObject({
      code: "invalid_request",
      field: "cursor",
    });

    refuse(5);
    // Twice at once, and with everything: each letter takes effect once.
    const both = await Promise.all([redrive(name, { key: "odd" }), redrive(name, { key: "odd" })]);
    expect(both.map(({ redriven, already }) => redriven + already)).toEqual([2, 2]);
    expect(both[0].redriven + both[1].redriven).toBe(2);
    await partition(env, input)
      .crash()
      .catch(() => undefined);
    await drain(name, input);
    expect(await numbersIn(out)).toEqual([1, 4, 3]);
    expect((await letters(name)).deadLetters.map(({ offset, state, error }) => [offset, state, error])).toEqual([
      [0, "waiting", "no 2"],
      [1, "redriven", "no 3"],
      [2, "redriven", "no 5"],
      [3, "waiting", "no 5"],
    ]);
    await evict(partition(env, input));
    refuse();
    expect(await redrive(name)).toEqual({ name, redriven: 2, already: 2, former: 0, unfit: 0 });
    await drain(name, input);
    expect(await redrive(name)).toEqual({ name, redriven: 0, already: 4, former: 0, unfit: 0 });
    expect(await numbersIn(out)).toEqual([1, 4, 3, 2, 5]);
    const count = await partition(env, input).readStore({
      pipeline: name,
      store: "counts",
      query: { kind: "key", key: "odd" },
      waitMs: 0,
    });
    expect(count).toMatchObject({ rows: [{ value: "3" }] });
    expect(await partition(env, input).tasks({ pipeline: name })).toMatchObject({ tasks: [{ redriving: 0, lag: 0 }] });
    await request(`POST ${name}/reset`, {});
    await drain(name, input);
    expect(await redrive(name)).toMatchObject({ redriven: 0, former: 4 });
    expect(await request(`POST nowhere/redrive`, {})).toMatchObject({ code: "not_found" });
    expect(await request(`POST ${name}/redrive`, { keys: [] })).toMatchObject({ code: "invalid_request" });
  },
);

test("a redriven record that ends the object is a dead letter again, and its neighbours run [ERR-8]", async () => {
  const name = "redriven-again";
  const out = await createTopic(env, `${name}-out`);
  const input = await createTopic(env, `${name}-in`);
  refuse(1, 2, 3);
  await append(input, ...numbers(1, 2, 3));
  await drain(name, input);
  let ends = 0;
  hooks.onValue = (value) => {
    if ((value as { n: number }).n !== 2) return;
    ends++;
    aborts.get(`${input}/0`)?.("this record ends the object");
    throw new Error("aborted");
  };
  await request(`POST ${name}/redrive`, {});
  for (let wake = 0; wake < 12; wake++) {
    const answer = await partition(env, input)
      .drain({ pipeline: name, timeoutMs: 5_000 })
      .catch(() => undefined);
    if (answer?.ok === true) break;
  }
  expect(ends).toBe(4);
  expect(await numbersIn(out)).toEqual([1, 3]);
  const again = (await letters(name)).deadLetters.slice(3);
  expect(again).toMatchObject([{ state: "waiting", record: { value: { n: 2 } } }]);
  expect(again[0]?.error).toContain("the object ended");
});

test("what waits of a parked key runs in its order, before what comes later [ERR-6]", async () => {
  const name = "unparked";
  const out = await createTopic(env, `${name}-out`);
  const input = await createTopic(env, `${name}-in`);
  refuse(3);
  await append(input, ...numbers(1, 2, 3, 5, 7));
  await drain(name, input);
  expect((await letters(name)).deadLetters.map(({ kind, state }) => [kind, state])).toEqual(
    Array.from({ length: 3 }, () => ["parked", "waiting"]),
  );
  expect(await request(`POST ${name}/pause`)).toMatchObject({ state: "paused" });
  refuse(7);
  expect(await redrive(name, { from: 1, to: 2 })).toMatchObject({ redriven: 1 });
  expect(await redrive(name)).toMatchObject({ redriven: 0, already: 3 });
  await append(input, ...numbers(9));
  expect(await partition(env, input).tasks({ pipeline: name })).toMatchObject({ tasks: [{ redriving: 1 }] });
  await evict(partition(env, input));
  await request(`POST ${name}/resume`);
  await drain(name, input);
  expect(await numbersIn(out)).toEqual([1, 2, 3, 5]);
  refuse();
  await evict(partition(env, input));
  expect((await redrive(name)).redriven).toBeGreaterThan(0);
  await append(input, ...numbers(11));
  await drain(name, input);
  expect(await numbersIn(out)).toEqual([1, 2, 3, 5, 7, 9, 11]);
  expect(new Set((await letters(name)).deadLetters.map(({ state }) => state))).toEqual(new Set(["redriven"]));
});

test("a row that a table had refused goes to it again, once [ERR-7, SNK-24]", async () => {
  await env.DB.prepare("CREATE TABLE refused (id TEXT PRIMARY KEY CHECK (id <> 'bad'))").run();
  const input = await createTopic(env, "refused-in");
  await append(input, { value: { id: "a" } }, { value: { id: "bad" } });
  await drain("refused", input);
  await drain("refused", input);
  expect((await letters("refused")).deadLetters).toMatchObject([
    { kind: "refused", target: "d1:refused", state: "waiting", record: { value: ["bad"], offset: -1 } },
  ]);
  await env.DB.batch([
    env.DB.prepare("DROP TABLE refused"),
    env.DB.prepare("CREATE TABLE refused (id TEXT PRIMARY KEY)"),
  ]);
  const both = await Promise.all([redrive("refused"), redrive("refused")]);
  expect(both[0].redriven + both[1].redriven).toBe(1);
  await drain("refused", input);
  const { results } = await env.DB.prepare("SELECT id FROM refused").all();
  expect(results).toEqual([{ id: "bad" }]);

  // Anybody may write to the topic of the letters: a target that is none of the task's is left alone.
  const topic = "/v1/topics/refused.dead-letters";
  const fetched = await ask(`GET ${topic}/partitions/0/records?offset=0`);
  const [real] = ((await fetched.json()) as { records: { key: string; headers: Record<string, string> }[] }).records;
  const forged = ["topic:refused.dead-letters/999", "topic:refused.dead-letters/x", "topic:__map-1/0", "d1:other"];
  const records = forged.map((target) => ({
    key: "k",
    value: ["x"],
    headers: { ...real?.headers, "millrace.target": target },
  }));
  expect((await ask(`POST ${topic}/records`, { records })).status).toBe(200);
  const unfit = await redrive("refused");
  expect(unfit).toMatchObject({ redriven: 0, unfit: forged.length });
  expect(unfit.hint).toContain("reset the pipeline");
  await drain("refused", input);
});

test("large letters come in several pages, and each is redriven by one of several requests [PIP-21, PIP-22]", async () => {
  const name = "redriven-large";
  const out = await createTopic(env, `${name}-out`);
  const input = await createTopic(env, `${name}-in`);
  const pad = "x".repeat(900_000);
  hooks.onValue = () => {
    throw new Error("not yet");
  };
  for (let n = 0; n < 12; n++) await append(input, { value: { n, pad } });
  await drain(name, input);
  const page = await letters(name);
  expect(page.deadLetters.length).toBeLessThan(12);
  hooks.onValue = () => {};
  const counts: number[] = [];
  for (let cursor: string | undefined; ;) {
    const answer: RedriveJson = await redrive(name, cursor === undefined ? {} : { cursor });
    counts.push(answer.redriven);
    ({ cursor } = answer);
    if (cursor === undefined) break;
  }
  expect(counts.length).toBeGreaterThan(1);
  await drain(name, input);
  expect(await numbersIn(out)).toEqual(Array.from({ length: 12 }, (_, n) => n));
});

test("redriven letters come to a function again as they were, whatever is redriven meanwhile [MIB-7]", async () => {
  const name = "redriven-called";
  const input = await createTopic(env, `${name}-in`);
  refuse(1, 2, 3);
  await append(input, ...numbers(1, 2, 3));
  await drain(name, input);
  refuse();
  const seen: Called[] = [];
  calls.onBatch = async (called) => {
    seen.push(called);
    if (seen.length === 1) throw new Error("not yet");
  };
  await redrive(name, { from: 0, to: 1 });
  await vi.waitFor(() => expect(seen).toHaveLength(1));
  await redrive(name);
  await drain(name, input);
  expect(seen.map((each) => each.numbers)).toEqual([[1], [1], [2, 3]]);
  expect(seen[1]).toEqual(seen[0]);
  expect(seen[2]?.batchId).toBe((seen[0]?.batchId ?? 0) + 1);
  const answer = await partition(env, input).tasks({ pipeline: name });
  expect(answer.ok && answer.tasks[0]?.error).toBeUndefined();
});

test("and so they do when the object ends behind the function [MIB-7]", async () => {
  const name = "redriven-called-again";
  const input = await createTopic(env, `${name}-in`);
  refuse(1, 2, 3);
  await append(input, ...numbers(1, 2, 3));
  await drain(name, input);
  const seen: Called[] = [];
  calls.onBatch = async (called) => {
    seen.push(called);
  };
  let ended = false;
  hooks.onValue = () => {
    if (seen.length === 0 || ended) return;
    ended = true;
    aborts.get(`${input}/0`)?.("behind the function");
    throw new Error("ended behind the function");
  };
  await redrive(name);
  await drain(name, input);
  expect(ended).toBe(true);
  expect(seen).toEqual([seen[0], seen[0]]);
  expect(seen[0]?.numbers).toEqual([1, 2, 3]);
});

function rowsOf(id: string, query: string): Promise<Record<string, SqlStorageValue>[]> {
  return runInDurableObject(partition(env, id), (_, { storage }) => storage.sql.exec(query).toArray());
}

test("what waits of a parked key runs in several transactions where it is large [ERR-9]", async () => {
  const name = "unparked-large";
  const out = await createTopic(env, `${name}-out`);
  const input = await createTopic(env, `${name}-in`);
  const pad = "x".repeat(900_000);
  refuse(0);
  const all = Array.from({ length: 10 }, (_, n) => n);
  for (const n of all) await append(input, { key: "k", value: { n, pad } });
  await drain(name, input);
  refuse();
  await redrive(name);
  await drain(name, input);
  expect(await numbersIn(out)).toEqual(all);
  // A record is 1.2 million characters of base64.
  const runs = await rowsOf(
    input,
    "SELECT payload ->> 'records' AS records FROM journal WHERE kind = 'redrive' ORDER BY seq",
  );
  expect(runs.map(({ records }) => records)).toEqual([3, 3, 3, 1]);
});

test("letters that look much up run in several transactions, each with so much as it may hold [ERR-9]", async () => {
  const name = "looks-redriven";
  const out = await createTopic(env, `${name}-out`);
  const input = await createTopic(env, `${name}-in`);
  const all = Array.from({ length: 200 }, (_, n) => n);
  refuse(...all);
  await append(input, ...all.map((n) => ({ key: "k", value: { n } })));
  await drain(name, input);
  let [found, most] = [0, 0];
  const text = "x".repeat(90_000);
  finds.onKey = () => {
    most = Math.max(most, ++found);
    return Promise.resolve(text);
  };
  // Called when it is decided what a record looks up, and when the record runs.
  hooks.onValue = () => {
    found = 0;
  };
  expect(await redrive(name)).toMatchObject({ redriven: 200 });
  await drain(name, input);
  expect(await numbersIn(out)).toEqual(all);
  expect(most).toBeGreaterThan(50);
  expect(most).toBeLessThan(110);
});

test("what a task remembers of letters goes when their topic has let go of them [ERR-10]", async () => {
  const name = "redriven-trimmed";
  await createTopic(env, `${name}-out`);
  const input = await createTopic(env, `${name}-in`);
  refuse(1, 2);
  await append(input, ...numbers(1, 2));
  await drain(name, input);
  refuse();
  expect(await redrive(name)).toMatchObject({ redriven: 2 });
  await drain(name, input);
  const given = "SELECT id FROM redrive ORDER BY id";
  expect(await rowsOf(input, given)).toEqual([{ id: "0/0" }, { id: "0/1" }]);
  const now = Date.now();
  vi.spyOn(Date, "now").mockImplementation(() => now + 365 * 24 * 3_600_000);
  const topic = `${name}.dead-letters`;
  expect(await catalog(env).configureTopic({ topic, config: { retentionMs: 1_000 } })).toMatchObject({ ok: true });
  const found = await catalog(env).topic({ topic });
  const lettersId = found.ok ? found.identity.topicId : "";
  await runDurableObjectAlarm(partition(env, lettersId));
  expect((await letters(name)).deadLetters).toEqual([]);
  await append(input, ...numbers(3));
  refuse(4);
  await append(input, ...numbers(4));
  await drain(name, input);
  refuse();
  expect(await redrive(name)).toMatchObject({ redriven: 1 });
  await drain(name, input);
  expect(await rowsOf(input, given)).toEqual([{ id: "0/2" }, { id: "trimmed:0" }]);
});
