import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { CATALOG_NAME, type Env } from "../durable-objects/env.ts";
import type { CatalogRpc } from "../schema/rpc/catalog.ts";
import { app } from "./app.ts";
import { topicCache } from "./topic-cache.ts";
import { call, type Target } from "./test/http.ts";
import { refused } from "./test/refused.ts";
import { newTopic } from "./test/topic-of.ts";

const bindings: Env = { ...(env as unknown as Env), MILLRACE_AUTH: "off" };
const catalog = bindings.CATALOG.getByName(CATALOG_NAME) as unknown as CatalogRpc;
const target: Target = {
  baseUrl: "http://millrace.test",
  fetch: async (url, init) => app.fetch(new Request(url, init), bindings, createExecutionContext()),
};

test("a topic deleted and created again behind the cache's back is found again, and begins empty [TOP-6]", async () => {
  const topic = await newTopic(target, { partitions: 2 });
  const send = () => call(target, `POST /v1/topics/${topic}/records`, { body: { records: [{ key: "k", value: 1 }] } });
  const read = () => call(target, `GET /v1/topics/${topic}/partitions/0/records`);
  expect((await send()).status).toBe(200);
  const known = topicCache.get(topic);

  await catalog.deleteTopic({ topic, force: false });
  refused(await send(), "unknown_topic");
  expect(topicCache.get(topic)).toBeUndefined();
  if (known !== undefined) topicCache.put(known);
  refused(await read(), "unknown_topic");

  await catalog.createTopic({ topic, partitions: 1, config: {} });
  for (const again of [send, read]) {
    if (known !== undefined) topicCache.put(known);
    expect((await again()).status).toBe(200);
    expect(topicCache.get(topic)?.partitions).toBe(1);
  }
  expect(JSON.parse((await send()).text)).toEqual({ offsets: [{ partition: 0, offset: 1 }] });
});
