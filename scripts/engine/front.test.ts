import { expect, test } from "vitest";
import { front } from "./front.ts";

const worker = { fetch: () => new Response("worker") };
const ASSETS = {
  fetch: async (request: Request) =>
    new URL(request.url).pathname === "/app.js" ? new Response("asset") : new Response(null, { status: 404 }),
};

async function answer(path: string, init?: RequestInit): Promise<string> {
  const request = new Request(`http://localhost${path}`, init);
  return (await front(worker, ["/v1/*", "/healthz"]).fetch(request, { ASSETS }, {})).text();
}

test("the Worker gets its own paths, and those without an asset [LOC-6]", async () => {
  expect(await answer("/v1/topics")).toBe("worker");
  expect(await answer("/healthz")).toBe("worker");
  expect(await answer("/app.js")).toBe("asset");
  expect(await answer("/nothing")).toBe("worker");
  expect(await answer("/app.js", { method: "POST" })).toBe("worker");
});

test("a Worker without assets gets everything [LOC-6]", async () => {
  const request = new Request("http://localhost/app.js");
  expect(await (await front(worker, []).fetch(request, {}, {})).text()).toBe("worker");
});
