import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import type { Env } from "../durable-objects/env.ts";
import { bundle } from "../durable-objects/test/objects.ts";
import { kept } from "../pipelines/test/reads.ts";
import { storeEntries, storeList, storePage, storeValue, storeWindows } from "../schema/wire/answer/store.ts";
import { app } from "./app.ts";
import { call, shaped, type Target } from "./test/http.ts";
import { PipelineClient } from "./test/pipeline-client.ts";
import { refused } from "./test/refused.ts";
import { evict } from "../durable-objects/test/evict.ts";

const bindings: Env = { ...(env as unknown as Env), MILLRACE_AUTH: "off" };
const target: Target = {
  baseUrl: "http://millrace.test",
  fetch: async (url, init) => app.fetch(new Request(url, init), bindings, createExecutionContext()),
};

const NAME = "kept";
const STORES = `GET /v1/pipelines/${NAME}/stores`;
const KEYS = ["ada", "adam", "bob", "cyd", "dee"];

async function send(topic: string, records: readonly object[]): Promise<void> {
  const reply = await call(target, `POST /v1/topics/${NAME}-${topic}/records`, { body: { records } });
  expect(reply.status).toBe(200);
}

async function page(store: string, query = "") {
  return shaped(await call(target, `${STORES}/${store}?${query}`), storePage);
}

async function entries(store: string, key: string) {
  return shaped(await call(target, `${STORES}/${store}?key=${key}`), storeEntries).entries;
}

beforeAll(async () => {
  bundle.push(kept(NAME).plan);
  for (const topic of ["in", "other", "prices"])
    await call(target, `PUT /v1/topics/${NAME}-${topic}`, { body: { partitions: 3, config: { retentionMs: -1 } } });
  for (const ms of [1, 3, 12, 13, 25]) {
    const page = ms % 2 === 0 ? "even" : "odd";
    await send(
      "in",
      KEYS.map((key) => ({ key, value: { page, ms }, timestamp: ms })),
    );
  }
  await send("other", [{ key: "bob", value: 7, timestamp: 14 }]);
  for (const timestamp of [100, 200, 300])
    await send("prices", [{ key: "tea", value: timestamp === 200 ? null : timestamp / 10, timestamp }]);
  expect((await call(target, `POST /v1/pipelines/${NAME}/drain`)).status).toBe(200);
});

describe("stores over HTTP", () => {
  test("say what they are and what they can be asked [STR-7]", async () => {
    const { stores } = shaped(await call(target, STORES), storeList);
    const reads = ["key", "prefix", "range"];
    expect(stores).toEqual([
      { name: "counts", kind: "keyValue", key: ["key"], reads },
      { name: "tens", kind: "window", windows: "time", key: ["key", "start", "end"], reads: [...reads, "times"] },
      {
        name: "sessions",
        kind: "window",
        windows: "session",
        key: ["key", "start", "end"],
        reads: [...reads, "times"],
      },
      { name: "seen.pages", kind: "map", key: ["key", "name"], reads: ["key"] },
      { name: "seen.all", kind: "list", key: ["key", "at", "seq"], reads },
      { name: "pairs.left", kind: "joinSide", key: ["key", "at", "seq"], reads: [...reads, "times"] },
      { name: "pairs.right", kind: "joinSide", key: ["key", "at", "seq"], reads: [...reads, "times"] },
      { name: "prices", kind: "versioned", key: ["key"], reads: [...reads, "asOf"] },
    ]);
  });

  test("give ranges of keys and of times over all partitions, in order, and say what they reflect [STR-3, STR-8]", async () => {
    const keys = async (query: string) => (await page("counts", query)).entries?.map(({ key }) => key);
    expect(await keys("")).toEqual(KEYS);
    expect(await keys("prefix=ada")).toEqual(["ada", "adam"]);
    expect(await keys("fromKey=adam&toKey=cyd")).toEqual(["adam", "bob"]);
    const { reflects } = await page("counts");
    expect(reflects.map(({ topic, partition }) => `${topic}/${partition}`)).toEqual(
      [0, 1, 2].map((n) => `${NAME}-in/${n}`),
    );
    expect(reflects.reduce((sum, { offset }) => sum + offset, 0)).toBe(25);
    const windows = async (query: string) =>
      (await page("tens", query)).windows?.map(({ key, start, value }) => `${key}@${start}=${String(value)}`);
    expect(await windows("prefix=ad")).toEqual([
      "ada@0=2",
      "adam@0=2",
      "ada@10=2",
      "adam@10=2",
      "ada@20=1",
      "adam@20=1",
    ]);
    expect(await windows("from=10&to=20&fromKey=bob")).toEqual(["bob@10=2", "cyd@10=2", "dee@10=2"]);
    const sessions = (await page("sessions", "from=2&to=13&prefix=b")).windows;
    expect(sessions).toEqual([{ key: "bob", start: 12, end: 13, value: 2 }]);
    const first = await page("tens", "limit=4");
    const rest = await page("tens", `limit=100&cursor=${first.cursor}`);
    expect([...(first.windows ?? []), ...(rest.windows ?? [])]).toEqual((await page("tens")).windows);
  });

  test("minOffset holds for a range of one partition [STR-4]", async () => {
    const [{ partition: number, offset } = { partition: 0, offset: 0 }] = (await page("counts")).reflects;
    const reached = await page("counts", `partition=${number}&minOffset=${offset}`);
    expect(reached.reflects).toEqual([{ topic: `${NAME}-in`, partition: number, offset }]);
    refused(await call(target, `${STORES}/counts?partition=${number}&minOffset=${offset + 1}&waitMs=20`), "timed_out");
    refused(await call(target, `${STORES}/counts?minOffset=1`), "invalid_request");
  });

  test("give the rows of a processor's maps and lists, and of both sides of a join [STR-5, STR-7]", async () => {
    expect(await entries("seen.pages", "bob")).toEqual([
      { key: "bob", name: "even", value: 12 },
      { key: "bob", name: "odd", value: 42 },
    ]);
    const all = ["odd", "odd", "even", "odd", "odd"].map((value, seq) => ({ key: "cyd", at: 0, seq, value }));
    expect(await entries("seen.all", "cyd")).toEqual(all);
    const { cursor } = shaped(await call(target, `${STORES}/seen.all?key=cyd&limit=2`), storeEntries);
    const rest = shaped(await call(target, `${STORES}/seen.all?key=cyd&cursor=${cursor}`), storeEntries);
    expect(rest.entries).toEqual(all.slice(2));
    expect(await entries("pairs.right", "bob")).toEqual([{ key: "bob", at: 14, seq: 0, value: 7 }]);
    const left = (await page("pairs.left", "prefix=bob&from=12&to=25")).entries;
    expect(left).toMatchObject([
      { at: 12, seq: 0, value: { page: "even", ms: 12 } },
      { at: 13, seq: 0 },
    ]);
    expect((await page("seen.pages")).entries).toHaveLength(2 * KEYS.length);
  });

  test("a versioned table is read as it was [STR-9]", async () => {
    const asOf = (ms: number) => call(target, `${STORES}/prices?key=tea&asOf=${ms}`);
    expect(shaped(await asOf(150), storeValue)).toMatchObject({ value: 10, timestamp: 100 });
    refused(await asOf(99), "not_found");
    refused(await asOf(250), "not_found");
    expect(shaped(await asOf(300), storeValue)).toMatchObject({ value: 30, timestamp: 300 });
    expect(shaped(await call(target, `${STORES}/prices?key=tea`), storeValue).value).toBe(30);
    await send("prices", [{ key: "tea", value: 40, timestamp: 4_000_000 }]);
    await call(target, `POST /v1/pipelines/${NAME}/drain`);
    expect(refused(await asOf(300), "invalid_request").field).toBe("asOf");
    expect(shaped(await asOf(399_000 + 1_000), storeValue)).toMatchObject({ value: 30 });
  });

  test("refuse what a store cannot be asked, and say what it can [STR-2, STR-7]", async () => {
    for (const [query, field] of [
      ["seen.pages?prefix=a", "prefix"],
      ["seen.all?from=0", "from"],
      ["counts?asOf=5&key=a", "asOf"],
      ["counts?to=5", "to"],
      ["prices?asOf=5", "key"],
      ["tens?key=a&prefix=a", "key"],
      ["tens?prefix=a&toKey=b", "prefix"],
      ["tens?fromKey=b&toKey=a", "fromKey"],
      ["tens?from=5&to=4", "from"],
      ["counts?key=a&limit=5", "limit"],
    ] as const) {
      expect(refused(await call(target, `${STORES}/${query}`), "invalid_request")).toMatchObject({ field });
    }
    const { detail } = refused(await call(target, `${STORES}/seen.pages?toKey=a`), "invalid_request");
    expect(detail).toContain(
      "store seen.pages is of kind map and cannot be read by toKey. It can be read by key, or whole",
    );
  });

  test("an evicted object reads the same [STR-5]", async () => {
    const client = new PipelineClient(bindings, NAME);
    const before = await Promise.all([page("sessions"), page("seen.all"), page("pairs.left")]);
    for (const stub of await client.allPartitions()) await evict(stub);
    expect(await Promise.all([page("sessions"), page("seen.all"), page("pairs.left")])).toEqual(before);
    const windows = shaped(await call(target, `${STORES}/sessions?key=bob`), storeWindows).windows;
    expect(windows.map(({ start, end }) => [start, end])).toEqual([
      [1, 3],
      [12, 13],
      [25, 25],
    ]);
  });
});
