import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test, vi } from "vitest";
import type { Env } from "../durable-objects/env.ts";
import type { AppendRequest } from "../schema/rpc/log.ts";
import type { PartitionRpc } from "../schema/rpc/partition.ts";
import { partialProduceAnswer, produceAnswer } from "../schema/wire/answer/produce.ts";
import { readAnswer } from "../schema/wire/answer/read.ts";
import { app } from "./app.ts";
import { call, shaped, type Target } from "./test/http.ts";
import { refused } from "./test/refused.ts";
import { newTopic } from "./test/topic-of.ts";

const bindings: Env = { ...(env as unknown as Env), MILLRACE_AUTH: "off" };

const sound: Target = {
  baseUrl: "http://millrace.test",
  fetch: async (url, init) => app.fetch(new Request(url, init), bindings, createExecutionContext()),
};
/** The real objects, but appends to a partition fail as the runtime makes them fail while `fails` says so. */
function failing(fails: (partition: number) => object | undefined): Target {
  const namespace = {
    getByName(name: string): Pick<PartitionRpc, "append" | "read"> {
      const stub = bindings.PARTITION.getByName(name) as unknown as PartitionRpc;
      return {
        read: (request) => stub.read(request),
        append(request: AppendRequest) {
          const properties = fails(Number(name.split("/")[1]));
          return properties === undefined
            ? stub.append(request)
            : Promise.reject(Object.assign(new Error("secret"), properties));
        },
      };
    },
  };
  const broken = { ...bindings, PARTITION: namespace as unknown as Env["PARTITION"] };
  return { ...sound, fetch: async (url, init) => app.fetch(new Request(url, init), broken, createExecutionContext()) };
}

const records = [0, 1, 2, 1].map((partition, value) => ({ value, partition }));

describe("a partition whose object is busy", () => {
  test("is 207 in its places, and the same request again makes it whole [PRO-9, PRO-6, HTTP-9]", async () => {
    const topic = await newTopic(sound, { partitions: 3 });
    let busy = true;
    const target = failing((partition) => (busy && partition === 1 ? { overloaded: true } : undefined));
    const headers = { "producer-id": "p", "producer-epoch": "0", "producer-sequence": "1" };
    const send = () => call(target, `POST /v1/topics/${topic}/records`, { headers, body: { records } });
    const first = shaped(await send(), partialProduceAnswer, 207);
    const error = { error: expect.objectContaining({ code: "overloaded", retriable: true }) as unknown, partition: 1 };
    expect(first.offsets).toEqual([{ partition: 0, offset: 0 }, error, { partition: 2, offset: 0 }, error]);
    busy = false;
    const offsets = [
      { partition: 0, offset: 0 },
      { partition: 1, offset: 0 },
      { partition: 2, offset: 0 },
      { partition: 1, offset: 1 },
    ];
    expect(shaped(await send(), produceAnswer)).toEqual({ offsets });
    expect(shaped(await send(), produceAnswer)).toEqual({ offsets, duplicate: true });
    const stored = shaped(await call(sound, `GET /v1/topics/${topic}/partitions/1/records`), readAnswer);
    expect(stored.records.map(({ value }) => value)).toEqual([1, 3]);
  });

  test("alone it is 503 with Retry-After; a bug in it is 500 and tells nothing [HTTP-1, HTTP-2, HTTP-9]", async () => {
    const topic = await newTopic(sound, { partitions: 3 });
    const send = (target: Target) => call(target, `POST /v1/topics/${topic}/records`, { body: { records } });
    refused(await send(failing(() => ({ retryable: true }))), "overloaded");
    const log = vi.spyOn(console, "error").mockImplementation(() => undefined);
    const bug = await send(failing(() => ({ remote: true })));
    log.mockRestore();
    refused(bug, "internal");
    expect(bug.text).not.toContain("secret");
  });
});
