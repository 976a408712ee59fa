import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import type { Env } from "../durable-objects/env.ts";
import { app } from "./app.ts";
import { refused } from "./test/refused.ts";
import { call, type Target } from "./test/http.ts";

const bindings: Env = { ...(env as unknown as Env), MILLRACE_TOKEN: "sesame-1", MILLRACE_AUTH: undefined };
const target: Target = {
  baseUrl: "http://millrace.test",
  fetch: async (url, init) => app.fetch(new Request(url, init), bindings, createExecutionContext()),
};

function topics(authorization: string | undefined) {
  return call(target, "GET /v1/topics", { headers: authorization === undefined ? {} : { authorization } });
}

test("the configured token opens, any other does not [AUT-1]", async () => {
  for (const value of ["Bearer sesame-1", "bearer sesame-1", "Bearer  sesame-1"]) {
    expect((await topics(value)).status).toBe(200);
  }
  const wrong = ["Bearer", "Bearer sesame-2", "Bearer sesame-11", "Bearer sesame-", "Basic sesame-1", "sesame-1"];
  for (const value of [undefined, "", ...wrong]) {
    const reply = await topics(value);
    refused(reply, "unauthenticated");
    expect(reply.headers.get("www-authenticate")).toBe("Bearer");
    expect(reply.text).not.toContain("sesame");
  }
});
