import { createExecutionContext } from "cloudflare:test";
import { env as bindings } from "cloudflare:workers";
import { afterEach, beforeAll, expect, test } from "vitest";
import type { Env } from "../durable-objects/env.ts";
import { batchOf, createTopic } from "../durable-objects/test/client.ts";
import { app } from "./app.ts";
import { hooks } from "../pipelines/test/hooks.ts";

const env: Env = { ...(bindings as unknown as Env), MILLRACE_AUTH: "off" };

async function produce(
  query: string,
  init: { body: BodyInit; headers: Record<string, string> },
): Promise<Record<string, unknown>> {
  const url = `http://localhost/v1/topics/awaited-in/records?${query}`;
  const response = await app.fetch(new Request(url, { method: "POST", ...init }), env, createExecutionContext());
  expect(response.status).toBe(200);
  return (await response.json()) as Record<string, unknown>;
}

const json = (records: readonly object[], headers: Record<string, string> = {}) => ({
  body: JSON.stringify({ records }),
  headers: { "content-type": "application/json", ...headers },
});

beforeAll(async () => {
  await createTopic(env, "awaited-out", 2);
  await createTopic(env, "awaited-in", 2);
});

afterEach(() => {
  hooks.onValue = () => undefined;
});

test("await=processed answers with what the tasks sent for these records, and for no others [PRO-30]", async () => {
  await produce("", json([{ key: "a", value: { n: 1 } }]));
  const answer = await produce(
    "await=processed",
    json([
      { key: "a", value: { n: 2 }, timestamp: 5, headers: { h: "1" } },
      { key: "b", value: { n: 10 }, timestamp: 6 },
    ]),
  );
  const processed = answer["processed"] as {
    pipeline: string;
    partition: number;
    records: Record<string, unknown>[];
  }[];
  expect(processed.every(({ pipeline }) => pipeline === "awaited")).toBe(true);
  const records = processed
    .flatMap((one) => one.records)
    .toSorted((x, y) => ((x["key"] as string) < (y["key"] as string) ? -1 : 1));
  expect(records).toMatchObject([
    { topic: "awaited-out", key: "a", value: { sum: 3 }, headers: { h: "1" } },
    { topic: "awaited-out", key: "b", value: { sum: 10 }, timestamp: 6 },
  ]);
});

test("a dead letter is one of the records sent [PRO-30]", async () => {
  hooks.onValue = () => {
    throw new Error("no");
  };
  const answer = await produce("await=processed", json([{ key: "a", value: { n: 1 } }]));
  expect(answer["processed"]).toMatchObject([{ records: [{ topic: "awaited.dead-letters", value: { n: 1 } }] }]);
});

test("a repeated sequence is answered without it [PRO-30]", async () => {
  const headers = { "producer-id": "p", "producer-epoch": "0", "producer-sequence": "1" };
  const first = await produce("await=processed", json([{ key: "c", value: { n: 1 } }], headers));
  expect(first["processed"]).toMatchObject([{ records: [{ value: { sum: 1 } }] }]);
  const again = await produce("await=processed", json([{ key: "c", value: { n: 1 } }], headers));
  expect(again).toMatchObject({ duplicate: true });
  expect(again["processed"]).toBeUndefined();
});

test("await=delivered answers when the records sent have arrived, also for a RecordBatch [PRO-31]", async () => {
  const batch = batchOf([{ key: "d", value: { n: 4 } }]);
  const headers = { "content-type": "application/vnd.kafka.recordbatch" };
  const answer = await produce("await=delivered&partition=0", { body: batch, headers });
  expect(answer["delivered"]).toBe(true);
  const values: unknown[] = [];
  for (const partition of [0, 1]) {
    const url = `http://localhost/v1/topics/awaited-out/partitions/${partition}/records?offset=earliest`;
    const read = await app.fetch(new Request(url), env, createExecutionContext());
    const { records } = (await read.json()) as { records: { key: string; value: unknown }[] };
    values.push(...records.filter(({ key }) => key === "d").map(({ value }) => value));
  }
  expect(values).toEqual([{ sum: 4 }]);
});
