import { expect, test, vi } from "vitest";
import type { Env } from "../durable-objects/env.ts";
import { refused } from "./test/refused.ts";
import { app } from "./app.ts";

/** Only the bindings that a test names: any other use is a bug and shows as 500. */
function env(bindings: Partial<Env>): Env {
  return bindings as Env;
}

async function ask(
  line: string,
  bindings: Partial<Env> = { MILLRACE_AUTH: "off" },
  headers: Record<string, string> = {},
) {
  const [method = "", path = ""] = line.split(" ");
  const response = await app.request(path, { method, headers }, env(bindings));
  return { status: response.status, headers: response.headers, bytes: new Uint8Array(0), text: await response.text() };
}

test("without a configured token everything but health is refused, and the answer says what to set [AUT-2]", async () => {
  for (const line of ["GET /v1/topics", "GET /openapi.json", "POST /v1/topics/t/records", "GET /nowhere"]) {
    expect(refused(await ask(line, {}), "unauthenticated").detail).toContain("wrangler secret put MILLRACE_TOKEN");
    refused(await ask(line, { MILLRACE_TOKEN: "" }), "unauthenticated");
  }
});

test("health is open to GET and HEAD alone, and preflight requests to all [AUT-1, AUT-2]", async () => {
  for (const bindings of [{}, { MILLRACE_TOKEN: "t" }]) {
    expect((await ask("GET /healthz", bindings)).status).toBe(200);
    expect((await ask("HEAD /healthz", bindings)).status).toBe(200);
    for (const method of ["POST", "PUT", "DELETE"])
      refused(await ask(`${method} /healthz`, bindings), "unauthenticated");
    expect((await ask("OPTIONS /v1/topics", bindings, { origin: "https://example.org" })).status).toBe(204);
  }
});

test("only the value off turns it off [AUT-3]", async () => {
  for (const value of ["on", "OFF", "", "false", "0"]) {
    refused(await ask("GET /openapi.json", { MILLRACE_AUTH: value }), "unauthenticated");
  }
  expect((await ask("GET /openapi.json")).status).toBe(200);
});

test("a path that is not there, and a method that the path has not [HTTP-5]", async () => {
  refused(await ask("GET /v1/nothing"), "not_found");
  refused(await ask("GET /v1/groups/g"), "not_found");
  const wrong = await ask("DELETE /v1/topics");
  refused(wrong, "method_not_allowed");
  expect(wrong.headers.get("allow")).toBe("GET");
});

test("what nobody foresaw is logged once and answered without a detail [HTTP-1]", async () => {
  const log = vi.spyOn(console, "error").mockImplementation(() => undefined);
  try {
    const reply = await ask("GET /v1/topics", { MILLRACE_AUTH: "off" });
    refused(reply, "internal");
    expect(reply.text).not.toMatch(/CATALOG|getByName|undefined|\.ts/);
    expect(log).toHaveBeenCalledTimes(1);
  } finally {
    log.mockRestore();
  }
});

test("a page of another origin may ask, and may read the headers it needs [HTTP-15]", async () => {
  const origin = { origin: "https://example.org" };
  const preflight = await ask(
    "OPTIONS /v1/topics/t/records",
    { MILLRACE_TOKEN: "t" },
    {
      ...origin,
      "access-control-request-method": "POST",
      "access-control-request-headers": "authorization, content-type",
    },
  );
  expect(preflight.status).toBe(204);
  expect(preflight.headers.get("access-control-allow-methods")).toContain("POST");
  expect(preflight.headers.get("access-control-allow-headers")).toContain("authorization");
  const answer = await ask("GET /v1/topics", { MILLRACE_TOKEN: "t" }, origin);
  expect(answer.status).toBe(401);
  expect(answer.headers.get("access-control-allow-origin")).toBe("*");
  expect(answer.headers.get("access-control-expose-headers")).toContain("Millrace-Next-Offset");
});

test("a range of dead letters that ends before it begins is refused [PIP-21]", async () => {
  const { detail } = refused(await ask("GET /v1/pipelines/p/dead-letters?from=5&to=1"), "invalid_request");
  expect(detail).toBe("from: is after to: give the smaller offset as from");
});
