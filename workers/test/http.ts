import type * as z from "zod";
import { expect } from "vitest";

/** Where the suite runs: `exports.default.fetch` in workerd, or the platform's `fetch` against a URL. */
export interface Target {
  readonly fetch: (url: string, init?: RequestInit) => Promise<Response>;
  readonly baseUrl: string;
  /** Sent with every request, e.g. Authorization. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

export interface Call {
  readonly body?: string | Uint8Array<ArrayBuffer> | object | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly text: string;
}

function isText(body: object | string): body is string {
  return typeof body === "string";
}

/** One request; a body that is an object is sent as JSON. */
export async function call(target: Target, line: string, { body, headers = {} }: Call = {}): Promise<Reply> {
  const [method = "GET", path = "/"] = line.split(" ");
  const json = body !== undefined && !isText(body) && !(body instanceof Uint8Array);
  const init: RequestInit = {
    method,
    headers: { ...(body === undefined ? {} : { "content-type": "application/json" }), ...target.headers, ...headers },
  };
  if (body !== undefined) init.body = json ? JSON.stringify(body) : (body as string | Uint8Array<ArrayBuffer>);
  const response = await target.fetch(target.baseUrl + path, init);
  const bytes = new Uint8Array(await response.arrayBuffer());
  return { status: response.status, headers: response.headers, bytes, text: new TextDecoder().decode(bytes) };
}

/** The answer's JSON: exactly the documented shape, no field more [HTTP-12]. */
export function shaped<T>(reply: Reply, shape: z.ZodType<T>, status = 200): T {
  expect(reply).toMatchObject({ status });
  expect(reply.headers.get("content-type")).toBe("application/json");
  const value: unknown = JSON.parse(reply.text);
  const parsed = shape.parse(value);
  expect(value).toEqual(parsed);
  return parsed;
}
