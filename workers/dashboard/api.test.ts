import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { get } from "./api.js";

const signal = new AbortController().signal;
let answer: () => Promise<Response>;
let sent: RequestInit | undefined;

/** The browser's own, which Node.js lacks or keeps on disk. */
beforeEach(() => {
  const kept = new Map<string, string>();
  vi.stubGlobal("sessionStorage", { getItem: (key: string) => kept.get(key) ?? null, setItem: kept.set.bind(kept) });
  vi.stubGlobal("fetch", (_path: string, init: RequestInit) => {
    sent = init;
    return answer();
  });
});

afterEach(() => vi.unstubAllGlobals());

function problem(status: number, code: string): Response {
  return Response.json({ code, detail: `${code} it is`, status }, { status });
}

test("what went wrong is a value: refused by Millrace, or not reached at all [UI-8]", async () => {
  answer = () => Promise.resolve(problem(503, "overloaded"));
  expect(await get("/v1/topics", { signal })).toMatchObject({
    kind: "refused",
    code: "overloaded",
    message: "overloaded it is",
  });
  answer = () => Promise.resolve(new Response("<h1>Bad gateway</h1>", { status: 502 }));
  expect(await get("/v1/topics", { signal })).toMatchObject({ kind: "unreachable", message: "status 502" });
  answer = () => Promise.reject(new TypeError("Failed to fetch"));
  expect(await get("/v1/topics", { signal })).toMatchObject({ kind: "unreachable", message: "Failed to fetch" });
  answer = () => Promise.resolve(new Response("{"));
  expect(await get("/v1/topics", { signal })).toMatchObject({ kind: "unreachable" });
});

test("an answer that comes after the reader has gone on is no answer [UI-7]", async () => {
  const gone = new AbortController();
  answer = () => {
    gone.abort();
    return Promise.resolve(Response.json({ topics: [] }));
  };
  expect(await get("/v1/topics", { signal: gone.signal })).toMatchObject({ ok: false, kind: "stopped" });
});

test("the token is sent when there is one [UI-10]", async () => {
  answer = () => Promise.resolve(problem(401, "unauthenticated"));
  expect(await get("/v1/topics", { signal })).toMatchObject({ kind: "unauthenticated" });
  expect(sent?.headers).toEqual({});
  sessionStorage.setItem("millrace-token", "s3cret");
  answer = () => Promise.resolve(Response.json({ topics: [] }));
  expect(await get("/v1/topics", { signal })).toEqual({ ok: true, value: { topics: [] } });
  expect(sent?.headers).toEqual({ authorization: "Bearer s3cret" });
});
