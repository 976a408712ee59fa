import { createExecutionContext, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { Env } from "../durable-objects/env.ts";
import { batchOf, createTopic, partition } from "../durable-objects/test/client.ts";
import { bundle, type Partition } from "../durable-objects/test/objects.ts";
import { kept } from "../pipelines/test/reads.ts";
import { SUBSCRIPTION_LEASE_MS } from "../schema/limits.ts";
import type { ChangesAnswer, ChangesCursor } from "../schema/rpc/store.ts";
import { changesEvent, snapshotEvent } from "../schema/wire/answer/store.ts";
import { app } from "./app.ts";
import { call, type Target } from "./test/http.ts";
import { PipelineClient } from "./test/pipeline-client.ts";
import { refused } from "./test/refused.ts";
import { evict } from "../durable-objects/test/evict.ts";

const bindings: Env = { ...(env as unknown as Env), MILLRACE_AUTH: "off" };
const target: Target = {
  baseUrl: "http://millrace.test",
  fetch: async (url, init) => app.fetch(new Request(url, init), bindings, createExecutionContext()),
};

afterEach(() => void vi.restoreAllMocks());

/** A pipeline of its own, with a follower of the counts in partition 0 through RPC. */
class Follower {
  readonly name: string;
  readonly client: PipelineClient;
  readonly rows = new Map<string, string>();
  cursor: ChangesCursor | undefined;
  steps: ChangesAnswer[] = [];
  #topicId = "";

  constructor(name: string) {
    this.name = name;
    this.client = new PipelineClient(bindings, name);
  }

  async begin(): Promise<void> {
    bundle.push(kept(this.name).plan);
    for (const topic of ["other", "prices"]) await createTopic(bindings, `${this.name}-${topic}`);
    this.#topicId = await createTopic(bindings, `${this.name}-in`);
  }

  get stub(): DurableObjectStub<Partition> {
    return partition(bindings, this.#topicId);
  }

  async send(keys: readonly string[], copies = 1): Promise<void> {
    const records = keys.map((key) => ({ key, value: { page: "p".repeat(copies), ms: 1 }, timestampMs: 5 }));
    const answer = await this.stub.append({ batch: batchOf(records), largestRecordBytes: 100 + copies });
    if (!answer.ok) throw new Error(answer.message);
    await this.client.drain();
  }

  async step(waitMs = 0, limit = 100): Promise<ChangesAnswer> {
    const request = { pipeline: this.name, store: "counts", cursor: this.cursor, limit, waitMs };
    const answer = await this.stub.changes(request);
    if (!answer.ok) throw new Error(answer.message);
    if (answer.reset) this.rows.clear();
    for (const { key, value } of answer.changes) {
      if (value === null) this.rows.delete(key);
      else this.rows.set(key, value);
    }
    for (const { key, value } of answer.rows) this.rows.set(key, value);
    this.cursor = answer.cursor;
    this.steps.push(answer);
    return answer;
  }

  kept(): Promise<Record<string, number>> {
    return runInDurableObject(this.stub, (_, { storage }) => {
      const count = (table: string): number =>
        Number(storage.sql.exec(`SELECT count(*) AS n FROM ${table}`).one()["n"]);
      return { subscription: count("subscription"), change: count("change") };
    });
  }
}

describe("a follower of a store", () => {
  test("gets the snapshot, then what each transaction changes, through evictions and crashes [SUB-1, SUB-2, SUB-3]", async () => {
    const follower = new Follower("followed");
    await follower.begin();
    await follower.send(["a", "b", "c", "d", "e"]);
    expect(await follower.kept()).toEqual({ subscription: 0, change: 0 });
    expect(await follower.step(0, 2)).toMatchObject({ rows: [{ key: "a" }, { key: "b" }], ready: false, reset: false });
    await follower.send(["a", "e"]);
    await evict(follower.stub);
    expect(await follower.step(0, 2)).toMatchObject({
      changes: [{ key: "a", value: "2" }],
      rows: [{ key: "c" }, { key: "d" }],
      offset: 7,
    });
    await follower.stub.crash().catch(() => undefined);
    await follower.send(["f"]);
    expect(await follower.step(0, 2)).toMatchObject({
      rows: [
        { key: "e", value: "2" },
        { key: "f", value: "1" },
      ],
    });
    expect(await follower.step()).toMatchObject({ changes: [], rows: [], ready: true });
    expect(await follower.kept()).toEqual({ subscription: 1, change: 2 });
    const waiting = follower.step(20_000);
    await follower.send(["b"]);
    expect(await waiting).toMatchObject({ changes: [{ key: "b", value: "2" }], rows: [], ready: false, offset: 9 });
    await evict(follower.stub);
    expect(await follower.step()).toMatchObject({ reset: false, changes: [], rows: [] });
    expect(Object.fromEntries(follower.rows)).toEqual({ a: "2", b: "2", c: "1", d: "1", e: "2", f: "1" });
  });

  test("of what has changed between two visits misses nothing [SUB-3]", async () => {
    const follower = new Follower("visited");
    await follower.begin();
    while (!(await follower.step()).ready);
    for (let round = 0; round < 20; round++) {
      await follower.send(["a", `k${round % 7}`]);
      if (round % 3 === 0) await evict(follower.stub);
      if (round % 5 === 0) await follower.step();
    }
    await follower.step();
    expect(follower.steps.every(({ reset }) => !reset)).toBe(true);
    const store = await follower.client.store("counts");
    expect(follower.rows).toEqual(new Map([...store].map(([key, value]) => [key, JSON.stringify(value)])));
  });

  test("begins anew where the ring does not reach back so far [SUB-2, SUB-4]", async () => {
    const follower = new Follower("overrun");
    await follower.begin();
    await follower.send(["gone"]);
    while (!(await follower.step()).ready);
    // As if as much had been put in since.
    await follower.send(["a"]);
    await follower.send(["b"]);
    await runInDurableObject(follower.stub, (_, { storage }) => {
      storage.sql.exec("UPDATE change SET begin_bytes = begin_bytes + 15999990 WHERE id % 4294967296 > 1");
    });
    await evict(follower.stub);
    await follower.send(["c"]);
    expect((await follower.kept())["change"]).toBe(2);
    follower.rows.set("not there", "1");
    expect(await follower.step()).toMatchObject({ reset: true, changes: [], ready: true });
    expect([...follower.rows.keys()]).toEqual(["a", "b", "c", "gone"]);
    await follower.send(["c"]);
    expect(await follower.step()).toMatchObject({ reset: false, changes: [{ key: "c", value: "2" }] });
  });

  test("that has not come for long is forgotten: nothing is kept any more, and it begins anew [SUB-2, SUB-4]", async () => {
    const follower = new Follower("forgotten");
    await follower.begin();
    while (!(await follower.step()).ready);
    await follower.send(["a"]);
    expect(await follower.kept()).toEqual({ subscription: 1, change: 1 });
    await runInDurableObject(follower.stub, (_, { storage }) => {
      storage.sql.exec(
        "UPDATE subscription SET until_ms = until_ms - ?, began_ms = began_ms - ?",
        2 * SUBSCRIPTION_LEASE_MS,
        1_000,
      );
    });
    await evict(follower.stub);
    await follower.send(["b"]);
    expect(await follower.kept()).toEqual({ subscription: 0, change: 0 });
    expect(await follower.step()).toMatchObject({ reset: true, rows: [{ key: "a" }, { key: "b" }], ready: true });
  });

  test("says that it is there before it is forgotten [SUB-2]", async () => {
    const follower = new Follower("renewed");
    await follower.begin();
    while (!(await follower.step()).ready);
    const until = () =>
      runInDurableObject(follower.stub, (_, { storage }) =>
        Number(storage.sql.exec("SELECT until_ms FROM subscription").one()["until_ms"]),
      );
    const before = await until();
    await follower.step();
    expect(await until()).toBe(before);
    await runInDurableObject(follower.stub, (_, { storage }) => {
      storage.sql.exec("UPDATE subscription SET until_ms = until_ms - ?", 0.6 * SUBSCRIPTION_LEASE_MS);
    });
    await evict(follower.stub);
    await follower.step();
    expect(await until()).toBeGreaterThanOrEqual(before);
  });

  test("of a pipeline that is reset begins anew, also while it waits [SUB-4]", async () => {
    const follower = new Follower("begun-anew");
    await follower.begin();
    await follower.send(["a", "b"]);
    while (!(await follower.step()).ready);
    const waiting = follower.step(20_000);
    const reply = await call(target, `POST /v1/pipelines/begun-anew/reset`, { body: { from: "latest" } });
    expect(reply.status).toBe(200);
    expect(await waiting).toMatchObject({ reset: true, rows: [], ready: true });
    expect(follower.rows.size).toBe(0);
    follower.client.forget();
    await follower.send(["b"]);
    expect(await follower.step()).toMatchObject({ changes: [{ key: "b", value: "1" }] });
    expect((await follower.kept())["subscription"]).toBe(1);
  });

  test("of windows sees those go that expire [SUB-2]", async () => {
    const follower = new Follower("expiring");
    await follower.begin();
    const changes = async (cursor: ChangesCursor | undefined) => {
      const answer = await follower.stub.changes({
        pipeline: "expiring",
        store: "tens",
        cursor,
        limit: 100,
        waitMs: 0,
      });
      if (!answer.ok) throw new Error(answer.message);
      return answer;
    };
    await follower.send(["a"]);
    const { cursor, rows } = await changes(undefined);
    expect(rows).toMatchObject([{ key: "a", start: 0, end: 10 }]);
    const day = 24 * 3_600_000;
    const batch = batchOf([{ key: "b", value: { page: "p", ms: 1 }, timestampMs: 2 * day }]);
    await follower.stub.append({ batch, largestRecordBytes: 100 });
    await follower.client.drain();
    expect((await changes(cursor)).changes).toEqual([
      { key: "a", start: 0, end: 10, value: null },
      { key: "b", start: 2 * day, end: 2 * day + 10, value: "1" },
    ]);
  });
});

/** Events of a stream until `enough`. */
async function events(
  path: string,
  enough: (all: readonly Event[]) => boolean,
  lastEventId?: string,
): Promise<Event[]> {
  const headers: Record<string, string> = lastEventId === undefined ? {} : { "last-event-id": lastEventId };
  const response = await target.fetch(`${target.baseUrl}${path}`, { headers });
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe("text/event-stream");
  const all: Event[] = [];
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  const decoder = new TextDecoder();
  let rest = "";
  while (!enough(all)) {
    const { value, done } = await reader.read();
    if (done) break;
    const parts = (rest + decoder.decode(value, { stream: true })).split("\n\n");
    rest = parts.pop() ?? "";
    for (const part of parts) {
      const [, type] = /^event: (.*)$/m.exec(part) ?? [];
      if (type === undefined) continue;
      const [, data = ""] = /^data: (.*)$/m.exec(part) ?? [];
      const [, id] = /^id: (.*)$/m.exec(part) ?? [];
      const shape = type === "snapshot" ? snapshotEvent : changesEvent;
      all.push({ type, id, data: shape.strict().parse(JSON.parse(data)) as Event["data"] });
    }
  }
  await reader.cancel();
  return all;
}

interface Event {
  readonly type: string;
  readonly id: string | undefined;
  readonly data: {
    readonly partition: number;
    readonly ready?: boolean;
    readonly rows?: readonly object[];
    readonly changes?: readonly object[];
  };
}

test("a store of several partitions, and one key of it, is followed over HTTP, and again behind the last event [SUB-3, SUB-5, SUB-6]", async () => {
  const name = "streamed";
  bundle.push(kept(name).plan);
  for (const topic of ["in", "other", "prices"])
    await call(target, `PUT /v1/topics/${name}-${topic}`, { body: { partitions: 3 } });
  const keys = ["ada", "bob", "cyd", "dee", "eve"];
  const send = async (sent: readonly string[]) => {
    const records = sent.map((key) => ({ key, value: { page: "p", ms: 1 }, timestamp: 5 }));
    await call(target, `POST /v1/topics/${name}-in/records`, { body: { records } });
    await call(target, `POST /v1/pipelines/${name}/drain`);
  };
  await send(keys);
  const path = `/v1/pipelines/${name}/stores/counts/changes`;
  const first = await events(path, (all) => all.filter(({ data }) => data.ready === true).length === 3);
  const rows = first.flatMap(({ data }) => data.rows ?? []);
  expect(rows).toHaveLength(5);
  expect(rows).toEqual(expect.arrayContaining(keys.map((key) => ({ key, value: 1 }))));
  expect(first.every(({ id }) => id !== undefined)).toBe(true);
  await send(["bob", "eve", "eve"]);
  const seen = (all: readonly Event[]) =>
    new Map(
      all
        .flatMap(({ data }) => (data.changes ?? []) as { key: string; value: number }[])
        .map(({ key, value }) => [key, value]),
    );
  const rest = await events(path, (all) => seen(all).size === 2, first.at(-1)?.id);
  expect(rest.every(({ type }) => type === "changes")).toBe(true);
  expect(seen(rest)).toEqual(
    new Map([
      ["bob", 2],
      ["eve", 3],
    ]),
  );

  const one = await events(`${path}?key=eve`, (all) => all.some(({ data }) => data.ready === true));
  expect(one.flatMap(({ data }) => data.rows)).toEqual([{ key: "eve", value: 3 }]);
  await send(["ada", "eve", "dee"]);
  const after = await events(`${path}?key=eve`, (all) => all.length > 0, one.at(-1)?.id);
  expect(after[0]?.data.changes).toEqual([{ key: "eve", value: 4 }]);

  const headers = { "last-event-id": one.at(-1)?.id ?? "" };
  refused(await call(target, `GET ${path}`, { headers }), "invalid_request");
  refused(await call(target, `GET ${path}?cursor=x`), "invalid_request");
  refused(await call(target, `GET ${path}?partition=7`), "unknown_partition");
  refused(await call(target, `GET ${path.replace("counts", "none")}`), "not_found");
});
