import { describe, expect, test } from "vitest";
import { problemOf, refuse } from "../schema/error.ts";
import { MAX_RETRY_AFTER_MS, delayMs, retryAfterMs, retryPolicy } from "./backoff.ts";
import { Millrace } from "./millrace.ts";
import { StreamError } from "./stream-error.ts";
import { ManualClock } from "./test/manual-clock.ts";

type Reply = Response | Error | "hang" | "deaf";

/** A client whose requests get these replies in turn, and what it asked. "deaf" hangs and ignores its signal too. */
function clientOf(replies: readonly Reply[], attempts = 5) {
  const clock = new ManualClock();
  const asked: { readonly url: string; readonly init: RequestInit; readonly atMs: number }[] = [];
  const fetch = (url: string, init: RequestInit): Promise<Response> => {
    const reply = replies[asked.push({ url, init, atMs: clock.nowMs() }) - 1];
    if (reply instanceof Response) return Promise.resolve(plain(reply));
    if (reply instanceof Error) return Promise.reject(reply);
    return new Promise((_, reject) => {
      if (reply === "hang") init.signal?.addEventListener("abort", () => reject(new Error("aborted")));
    });
  };
  const client = new Millrace({ url: "http://server/base/", token: "secret", fetch, clock, retry: { attempts } });
  return { clock, asked, client };
}

const bodies = new WeakMap<Response, string>();

function reply(status: number, body: string, headers: Record<string, string> = {}): Response {
  const response = new Response(null, { status, headers });
  bodies.set(response, body);
  return response;
}

/** With a body that is read without a macrotask, which would stand outside the clock. */
function plain(response: Response): Response {
  const bytes = new TextEncoder().encode(bodies.get(response));
  const { status, ok, headers } = response;
  return { status, ok, headers, arrayBuffer: () => Promise.resolve(bytes.buffer) } as unknown as Response;
}

function problem(
  code: Parameters<typeof refuse>[0],
  details: Parameters<typeof refuse>[2] = {},
  headers = {},
): Response {
  const body = problemOf(refuse(code, "it says why", details));
  return reply(body.status, JSON.stringify(body), { "content-type": "application/problem+json", ...headers });
}

const healthy = () => reply(200, '{"status":"ok","version":"1"}');

async function failure(work: Promise<unknown>): Promise<StreamError> {
  try {
    await work;
  } catch (error) {
    if (error instanceof StreamError) return error;
    throw error;
  }
  throw new Error("it did not fail");
}

describe("requests", () => {
  test("carry the token, and names as they are [SDK-6]", async () => {
    const { clock, asked, client } = clientOf([reply(200, '{"name":"a/b"}')]);
    await clock.run(client.topics.get("a/b ?ü"));
    expect(asked[0]?.url).toBe("http://server/base/v1/topics/a%2Fb%20%3F%C3%BC");
    expect(asked[0]?.init.headers).toEqual({ authorization: "Bearer secret" });
  });

  test.each(["", ".", ".."])("a name %j, which would change the path, is refused [SDK-6]", async (name) => {
    const { clock, asked, client } = clientOf([]);
    expect(await clock.run(failure(client.topics.delete(name)))).toMatchObject({ code: "invalid_request", status: 0 });
    expect(asked).toEqual([]);
  });

  test("a body is JSON and says so", async () => {
    const { clock, asked, client } = clientOf([reply(201, "{}")]);
    expect(await clock.run(client.topics.create("t", { partitions: 2 }))).toEqual({ created: true });
    expect(asked[0]?.init.body).toBe('{"partitions":2}');
    expect(asked[0]?.init.headers).toMatchObject({ "content-type": "application/json" });
  });
});

describe("answers", () => {
  test("a problem document becomes a StreamError with all it says [SDK-1]", async () => {
    const { clock, client } = clientOf([
      problem("topic_exists", { hint: "Do this", field: "partitions", extra: { have: 3 } }),
    ]);
    const error = await clock.run(failure(client.topics.create("t")));
    expect(error).toBeInstanceOf(StreamError);
    expect(error).toMatchObject({
      name: "StreamError",
      code: "topic_exists",
      message: "it says why. Do this",
      status: 409,
      retriable: false,
      details: { field: "partitions", have: 3 },
    });
  });

  test.each([
    [403, false],
    [404, false],
    [408, true],
    [429, true],
    [500, true],
    [502, true],
  ])("%d without a problem document is unexpected, retriable: %s [SDK-2]", async (status, retriable) => {
    const { clock, client } = clientOf([reply(status, "<h1>nginx</h1>")], 1);
    const error = await clock.run(failure(client.health()));
    expect(error).toMatchObject({ code: "unexpected_answer", status, retriable, details: { body: "<h1>nginx</h1>" } });
  });

  test("200 with another's page is unexpected, and asked again [SDK-2]", async () => {
    const { clock, asked, client } = clientOf([reply(200, "<h1>Log in</h1>"), healthy()]);
    expect(await clock.run(client.health())).toEqual({ status: "ok", version: "1" });
    expect(asked.length).toBe(2);
  });

  test("no answer is unreachable, with the reason [SDK-2]", async () => {
    const { clock, client } = clientOf([new TypeError("connect ECONNREFUSED")], 1);
    const error = await clock.run(failure(client.health()));
    expect(error).toMatchObject({ code: "unreachable", status: 0, retriable: true });
    expect(error.message).toContain("http://server/base: connect ECONNREFUSED");
  });

  test.each(["hang", "deaf"] as const)("a request that ends in nothing times out: %s [SDK-5]", async (kind) => {
    const { clock, client } = clientOf([kind], 1);
    const began = clock.nowMs();
    const error = await clock.run(failure(client.health()));
    expect(error).toMatchObject({ code: "timed_out", retriable: true });
    expect(clock.nowMs() - began).toBe(30_000);
  });

  test("drain may take as long as it was told, and an answer on top [SDK-5]", async () => {
    const { clock, asked, client } = clientOf(["hang"], 1);
    const began = clock.nowMs();
    await clock.run(failure(client.pipelines.drain("p", { timeoutMs: 90_000 })));
    expect(clock.nowMs() - began).toBe(120_000);
    expect(asked[0]?.url).toBe("http://server/base/v1/pipelines/p/drain?timeoutMs=90000");
  });
});

describe("retries", () => {
  test("what is retriable is tried up to five times, what is not once [SDK-3]", async () => {
    const busy = clientOf(Array.from({ length: 9 }, () => problem("overloaded")));
    expect(await busy.clock.run(failure(busy.client.health()))).toMatchObject({ code: "overloaded" });
    expect(busy.asked.length).toBe(5);
    const wrong = clientOf([problem("invalid_request"), healthy()]);
    await wrong.clock.run(failure(wrong.client.health()));
    expect(wrong.asked.length).toBe(1);
  });

  test("Retry-After is a floor [SDK-4]", async () => {
    const { clock, asked, client } = clientOf([problem("overloaded", {}, { "retry-after": "3" }), healthy()]);
    await clock.run(client.health());
    const waited = (asked[1]?.atMs ?? 0) - (asked[0]?.atMs ?? 0);
    expect(waited).toBeGreaterThanOrEqual(3_000);
    expect(waited).toBeLessThan(3_100);
  });

  test("a delete that is repeated and finds nothing has succeeded [SDK-3]", async () => {
    const lost = clientOf([new TypeError("reset"), problem("unknown_topic")]);
    await lost.clock.run(lost.client.topics.delete("t"));
    const never = clientOf([problem("unknown_topic")]);
    expect(await never.clock.run(failure(never.client.topics.delete("t")))).toMatchObject({ code: "unknown_topic" });
  });
});

describe("delays [SDK-4]", () => {
  const policy = retryPolicy();
  const clock = (random: number) => ({ nowMs: () => 0, timer: () => () => {}, random: () => random });

  test("double up to a bound, and are random below it", () => {
    const bounds = [0, 1, 2, 6, 7, 100].map((failures) => delayMs(policy, clock(0.999_999), { failures }));
    expect(bounds.map(Math.ceil)).toEqual([100, 200, 400, 6_400, 10_000, 10_000]);
    expect(delayMs(policy, clock(0), { failures: 7 })).toBe(0);
  });

  test("a server that asks for an hour is asked again after a minute", () => {
    expect(delayMs(policy, clock(0), { failures: 0, retryAfterMs: 3_600_000 })).toBe(MAX_RETRY_AFTER_MS);
  });

  test.each([
    ["7", 7_000],
    ["Thu, 01 Jan 1970 00:00:10 GMT", 9_000],
    ["Thu, 01 Jan 1970 00:00:00 GMT", 0],
    ["soon", undefined],
    [null, undefined],
  ])("Retry-After: %s", (header, expected) => {
    expect(retryAfterMs(header, 1_000)).toBe(expected);
  });
});
