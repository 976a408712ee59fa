import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, expect, test } from "vitest";
import type { Env } from "../durable-objects/env.ts";
import { bundle } from "../durable-objects/test/objects.ts";
import { chain } from "../pipelines/test/internal-topics.ts";
import { pipelineDescription } from "../schema/wire/answer/pipeline.ts";
import { app } from "./app.ts";
import { call, shaped, type Target } from "./test/http.ts";
import { refused } from "./test/refused.ts";

const bindings: Env = { ...(env as unknown as Env), MILLRACE_AUTH: "off" };
const target: Target = {
  baseUrl: "http://millrace.test",
  fetch: async (url, init) => app.fetch(new Request(url, init), bindings, createExecutionContext()),
};

const NAME = "over-http";

async function value(line: string): Promise<Record<string, unknown>> {
  return JSON.parse((await call(target, line)).text) as Record<string, unknown>;
}

beforeAll(async () => {
  bundle.push(chain(NAME, { partitions: 3 }).plan);
  for (const topic of ["out", "a", "b"])
    await call(target, `PUT /v1/topics/${NAME}-${topic}`, { body: { partitions: 2 } });
  for (let n = 0; n < 4; n++) {
    const records = ["ash", "bee", "cow"].map((shop) => ({ key: `k${n}`, value: { shop, amount: n }, timestamp: n }));
    await call(target, `POST /v1/topics/${NAME}-${n % 2 === 0 ? "a" : "b"}/records`, { body: { records } });
  }
  expect(await value(`POST /v1/pipelines/${NAME}/drain`)).toEqual({ name: NAME, tasks: 2 + 2 + 2 + 2 + 3 });
});

test("a pipeline's description has the tasks of its internal topics, by their logical names [PIP-1, PIP-7]", async () => {
  const { sources, tasks } = shaped(await call(target, `GET /v1/pipelines/${NAME}`), pipelineDescription);
  expect(sources).toEqual([`${NAME}-a`, `${NAME}-b`]);
  const each = (topic: string, partitions: number): string[] =>
    Array.from({ length: partitions }, (_, partition) => `${topic}/${partition}`);
  expect(tasks.map(({ topic, partition }) => `${topic}/${partition}`)).toEqual(
    [
      each(`${NAME}-a`, 2),
      each(`${NAME}-b`, 2),
      each("__merge-1", 2),
      each("__selectKey-1", 2),
      each("__repartition-1", 3),
    ].flat(),
  );
  expect(tasks.every(({ lag, state }) => lag === 0 && state === "running")).toBe(true);
});

test("a store is read where its node runs, and the answer names the internal topic [STR-3, STR-6]", async () => {
  const stores = `GET /v1/pipelines/${NAME}/stores`;
  expect(await value(stores)).toEqual({
    stores: [
      { name: "shops", kind: "keyValue", key: ["key"], reads: ["key", "prefix", "range"] },
      { name: "regions", kind: "keyValue", key: ["key"], reads: ["key", "prefix", "range"] },
    ],
  });
  for (const shop of ["ash", "bee", "cow"]) {
    const answer = await value(`${stores}/shops?key=${shop}`);
    expect(answer).toMatchObject({ key: shop, value: 6, topic: "__selectKey-1" });
    const { partition, offset } = answer;
    expect(await value(`${stores}/shops?key=${shop}&minOffset=${Number(offset)}`)).toEqual(answer);
    refused(await call(target, `${stores}/shops?key=${shop}&partition=${1 - Number(partition)}`), "not_found");
  }
  const entries: unknown[] = [];
  for (let cursor = ""; ;) {
    const page = (await value(`${stores}/regions?limit=1${cursor}`)) as { entries: unknown[]; cursor?: string };
    entries.push(...page.entries);
    if (page.cursor === undefined) break;
    cursor = `&cursor=${page.cursor}`;
  }
  expect(entries).toHaveLength(3);
  expect(entries).toEqual(
    expect.arrayContaining(["ash", "bee", "cow"].map((shop) => ({ key: shop[0], value: { [shop]: 6 } }))),
  );
});

test("an internal topic is not listed, and refused by name [TOP-1]", async () => {
  const { topics } = (await value("GET /v1/topics")) as { topics: { name: string }[] };
  expect(topics.filter(({ name }) => name.startsWith("__"))).toEqual([]);
  const { incarnation } = shaped(await call(target, `GET /v1/pipelines/${NAME}`), pipelineDescription);
  const topic = `/v1/topics/__${NAME}.${incarnation}.merge-1`;
  for (const line of [`GET ${topic}`, `PUT ${topic}`, `DELETE ${topic}`, `GET ${topic}/partitions/0/records`])
    refused(await call(target, line), "invalid_request");
  refused(await call(target, `POST ${topic}/records`, { body: { records: [{ value: 1 }] } }), "invalid_request");
});
