import { describe, expect, expectTypeOf, test } from "vitest";
import type * as z from "zod";
import { problemOf, refuse, type Refusal } from "../schema/error.ts";
import * as letterAnswers from "../schema/wire/answer/dead-letter.ts";
import * as pipelineAnswers from "../schema/wire/answer/pipeline.ts";
import * as storeAnswers from "../schema/wire/answer/store.ts";
import type { sqlAnswer } from "../schema/wire/answer/sql.ts";
import * as tableAnswers from "../schema/wire/answer/table.ts";
import * as topicAnswers from "../schema/wire/answer/topic.ts";
import type { DeadLetter, Redriven } from "./dead-letters.ts";
import { Millrace } from "./millrace.ts";
import type { PipelineDescription, PipelineSummary, SqlRows } from "./pipelines.ts";
import type { StoreEntry, StoreWindow } from "./store.ts";
import type { TableRows } from "./tables.ts";
import type { TopicDescription, TopicSummary } from "./topics.ts";

/** Answers each request with what `answers` has for its method, path and query, in turn where it is a list. */
function clientOf(answers: { readonly [request: string]: object }) {
  const asked: string[] = [];
  const fetch = (address: string, { method, body }: RequestInit): Promise<Response> => {
    const url = new URL(address);
    const request = `${method} ${url.pathname}${url.search}`;
    asked.push(typeof body === "string" ? `${request} ${body}` : request);
    const answer = answers[request] ?? refuse("not_found", `the test has no ${request}`);
    if (!("ok" in answer)) return Promise.resolve(Response.json(answer));
    const problem = problemOf(answer as Refusal);
    return Promise.resolve(Response.json(problem, { status: problem.status }));
  };
  return { asked, client: new Millrace({ url: "http://server", fetch }) };
}

test("the client's types hold what the server's answers are [SDK-9]", () => {
  expectTypeOf<z.output<typeof topicAnswers.topicSummary>>().toExtend<TopicSummary>();
  expectTypeOf<z.output<typeof topicAnswers.topicDescription>>().toExtend<TopicDescription>();
  expectTypeOf<z.output<typeof pipelineAnswers.pipelineList>["pipelines"]>().toExtend<readonly PipelineSummary[]>();
  expectTypeOf<z.output<typeof pipelineAnswers.pipelineDescription>>().toExtend<PipelineDescription>();
  expectTypeOf<z.output<typeof letterAnswers.deadLetterList>["deadLetters"]>().toExtend<readonly DeadLetter[]>();
  expectTypeOf<z.output<typeof letterAnswers.redriveAnswer>>().toExtend<Redriven>();
  expectTypeOf<z.output<typeof storeAnswers.storeValue>>().toExtend<StoreEntry>();
  expectTypeOf<z.output<typeof storeAnswers.storeWindows>["windows"]>().toExtend<readonly StoreWindow[]>();
  expectTypeOf<z.output<typeof tableAnswers.tableRows>>().toExtend<TableRows>();
  expectTypeOf<z.output<typeof sqlAnswer>>().toExtend<SqlRows>();
});

test("topics: changes say only what changes", async () => {
  const { asked, client } = clientOf({
    "PATCH /v1/topics/t": {},
    "DELETE /v1/topics/t?force=true": {},
    "GET /v1/topics": { topics: [{ name: "t" }] },
  });
  await client.topics.configure("t", { retentionMs: -1 });
  await client.topics.delete("t", { force: true });
  expect(await client.topics.list()).toEqual([{ name: "t" }]);
  expect(asked[0]).toBe('PATCH /v1/topics/t {"config":{"retentionMs":-1}}');
});

test("pipelines: each action is its path", async () => {
  const { asked, client } = clientOf({
    "GET /v1/pipelines": { pipelines: [{ name: "p" }] },
    "GET /v1/pipelines/p": { name: "p" },
    "GET /v1/pipelines/p/stores": { stores: [{ name: "s", kind: "window" }] },
    "POST /v1/pipelines/p/pause": {},
    "POST /v1/pipelines/p/resume": {},
    "POST /v1/pipelines/p/drain": {},
  });
  expect(await client.pipelines.list()).toEqual([{ name: "p" }]);
  expect(await client.pipelines.get("p")).toEqual({ name: "p" });
  expect(await client.pipelines.stores("p")).toEqual([{ name: "s", kind: "window" }]);
  await client.pipelines.pause("p");
  await client.pipelines.resume("p");
  await client.pipelines.drain("p");
  expect(asked.length).toBe(6);
});

test("trim says where the partitions start [SDK-43]", async () => {
  const partitions = [{ partition: 1, logStartOffset: 17 }];
  const { asked, client } = clientOf({ "POST /v1/topics/orders/trim": { partitions } });
  expect(await client.topics.trim("orders", [{ partition: 1, offset: 17 }])).toEqual(partitions);
  expect(asked).toEqual(['POST /v1/topics/orders/trim {"offsets":[{"partition":1,"offset":17}]}']);
});

test("forks: each call is its path, and an end that is repeated has succeeded [SDK-42]", async () => {
  const forked = { version: 2, incarnation: 7, starts: [], complete: true };
  const swapped = { version: 2, incarnation: 7, swappedAt: [] };
  const { asked, client } = clientOf({
    "POST /v1/pipelines/p/fork": forked,
    "POST /v1/pipelines/p/swap": swapped,
    "DELETE /v1/pipelines/p/fork": {},
  });
  expect(await client.pipelines.fork("p", { from: "latest" })).toEqual(forked);
  expect(await client.pipelines.swap("p", { version: 2 })).toEqual(swapped);
  await client.pipelines.abandonFork("p");
  expect(asked).toEqual([
    'POST /v1/pipelines/p/fork {"from":"latest"}',
    'POST /v1/pipelines/p/swap {"version":2}',
    "DELETE /v1/pipelines/p/fork",
  ]);
  let calls = 0;
  const fetch = (): Promise<Response> => {
    const refusal = calls++ === 0 ? refuse("overloaded", "it goes on") : refuse("not_found", "there is no fork");
    const problem = problemOf(refusal);
    return Promise.resolve(Response.json(problem, { status: problem.status }));
  };
  await new Millrace({ url: "http://server", fetch, retry: { firstDelayMs: 1 } }).pipelines.abandonFork("p");
  expect(calls).toBe(2);
});

test("dead letters: all pages, listed and redriven [SDK-41]", async () => {
  const letter = (offset: number) => ({ partition: 0, offset });
  const counts = { redriven: 1, already: 2, former: 3, unfit: 4 };
  const { asked, client } = clientOf({
    "GET /v1/pipelines/p/dead-letters?key=k&limit=1000": { deadLetters: [letter(0)], cursor: "c" },
    "GET /v1/pipelines/p/dead-letters?key=k&cursor=c&limit=1000": { deadLetters: [letter(1)] },
    "POST /v1/pipelines/p/redrive": counts,
  });
  const letters = client.pipelines.deadLetters("p");
  const offsets = [];
  for await (const { offset } of letters.list({ key: "k" })) offsets.push(offset);
  expect(offsets).toEqual([0, 1]);
  expect(await letters.redrive({ from: 5 })).toEqual(counts);
  expect(asked.at(-1)).toBe('POST /v1/pipelines/p/redrive {"from":5}');
  let page = 0;
  const fetch = () =>
    Promise.resolve(Response.json({ ...counts, ...(page++ === 0 ? { cursor: "c" } : { hint: "h" }) }));
  const paged = new Millrace({ url: "http://server", fetch });
  expect(await paged.pipelines.deadLetters("p").redrive()).toMatchObject({ unfit: 8, hint: "h" });
});

test("a query goes with its parameters and its place [SQL-8]", async () => {
  const answer = { columns: ["n"], rows: [[1]], more: false, reflects: [{ topic: "t", partition: 0, offset: 5 }] };
  const { asked, client } = clientOf({ "POST /v1/pipelines/p/sql": answer });
  expect(await client.pipelines.sql("p", "select 1 as n from s", { parameters: [true, null], key: "a" })).toEqual(
    answer,
  );
  expect(asked).toEqual(['POST /v1/pipelines/p/sql {"sql":"select 1 as n from s","parameters":[true,null],"key":"a"}']);
});

describe("stores", () => {
  const entry = { key: "a b", value: [1], topic: "t", partition: 0, offset: 7 };
  const absent = refuse("not_found", 'key "x" is not in the store');
  const stores = { stores: [{ name: "s", kind: "keyValue" }] };

  test("a key's value, as fresh as asked for", async () => {
    const { client } = clientOf({ "GET /v1/pipelines/p/stores/s?minOffset=7&partition=0&key=a+b": entry });
    expect(await client.pipelines.store("p", "s").get("a b", { minOffset: 7, partition: 0 })).toEqual(entry);
  });

  test("a key that is not there is undefined, a store that is not there is not [SDK-7]", async () => {
    const { asked, client } = clientOf({
      "GET /v1/pipelines/p/stores/s?key=x": absent,
      "GET /v1/pipelines/p/stores/other?key=x": absent,
      "GET /v1/pipelines/p/stores": stores,
      "GET /v1/pipelines/none/stores/s?key=x": absent,
    });
    const store = client.pipelines.store("p", "s");
    expect(await store.get("x")).toBeUndefined();
    expect(await store.get("x")).toBeUndefined();
    expect(asked.filter((request) => request === "GET /v1/pipelines/p/stores").length).toBe(1);
    await expect(client.pipelines.store("p", "other").get("x")).rejects.toMatchObject({ code: "not_found" });
    await expect(client.pipelines.store("none", "s").get("x")).rejects.toMatchObject({ code: "not_found" });
  });

  test("get of a store of several rows a key says what to call [SDK-44]", async () => {
    const { client } = clientOf({
      "GET /v1/pipelines/p/stores/w?key=a": { windows: [] },
      "GET /v1/pipelines/p/stores/l?key=a": { entries: [{ key: "a", at: 1, seq: 0, value: 1 }] },
    });
    const get = (store: string) => client.pipelines.store("p", store).get("a");
    await expect(get("w")).rejects.toMatchObject({
      code: "invalid_request",
      message: expect.stringContaining("windows(key, { from, to })"),
    });
    await expect(get("l")).rejects.toMatchObject({
      code: "invalid_request",
      message: expect.stringContaining("entries(key)"),
    });
  });

  test("windows of a key, however many pages they are [STR-5]", async () => {
    const at = (start: number) => ({ key: "a", start, end: start + 5, value: 1 });
    const { client } = clientOf({
      "GET /v1/pipelines/p/stores/s?from=0&to=5&key=a": { windows: [at(0)] },
      "GET /v1/pipelines/p/stores/s?from=0&to=20&key=a": { windows: [at(0), at(5)], cursor: "1" },
      "GET /v1/pipelines/p/stores/s?from=0&to=20&key=a&cursor=1": { windows: [at(10)], cursor: "2" },
      "GET /v1/pipelines/p/stores/s?from=0&to=20&key=a&cursor=2": { windows: [] },
    });
    const store = client.pipelines.store("p", "s");
    expect(await store.windows("a", { from: 0, to: 5 })).toEqual([at(0)]);
    expect(await store.windows("a", { from: 0, to: 20 })).toEqual([at(0), at(5), at(10)]);
  });

  test("all rows, page by page, of both kinds of store", async () => {
    const { client } = clientOf({
      "GET /v1/pipelines/p/stores/s?limit=1000": { entries: [{ key: "a", value: 1 }], cursor: "1" },
      "GET /v1/pipelines/p/stores/s?cursor=1&limit=1000": { entries: [], cursor: "2" },
      "GET /v1/pipelines/p/stores/s?cursor=2&limit=1000": { entries: [{ key: "b", value: 2 }] },
      "GET /v1/pipelines/p/stores/w?limit=1000": { windows: [{ key: "a", start: 0, end: 5, value: 1 }] },
    });
    const keys = [];
    for await (const { key } of client.pipelines.store("p", "s").all()) keys.push(key);
    for await (const { key, end } of client.pipelines.store("p", "w").all()) keys.push(`${key}/${end}`);
    expect(keys).toEqual(["a", "b", "a/5"]);
  });
});

test("tables: rows in the order asked for", async () => {
  const rows = { columns: ["a"], rows: [{ a: 1 }] };
  const { client } = clientOf({
    "GET /v1/tables/t": rows,
    "GET /v1/tables/t?orderBy=a&order=desc&limit=3": rows,
  });
  expect(await client.tables.rows("t")).toEqual(rows);
  expect(await client.tables.rows("t", { orderBy: "a", order: "desc", limit: 3 })).toEqual(rows);
});
