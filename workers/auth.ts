import type { HonoRequest, MiddlewareHandler } from "hono";
import { refuse } from "../schema/error.ts";
import type { Edge } from "./edge.ts";
import { problem } from "./refuse.ts";

/** The time it takes says nothing about where two tokens differ. It does tell the length, as any comparison would. */
function sameToken(given: string, expected: string): boolean {
  const encoder = new TextEncoder();
  const left = encoder.encode(given);
  const right = encoder.encode(expected);
  return left.byteLength === right.byteLength && crypto.subtle.timingSafeEqual(left, right);
}

function open({ method, path }: HonoRequest): boolean {
  return path === "/healthz" && (method === "GET" || method === "HEAD");
}

/**
 * Every request but `GET /healthz` carries the token (AUT-1); preflight requests do not come here. A Worker without one refuses all of them (AUT-2): a deployment
 * that forgot it must not be open. `MILLRACE_AUTH = "off"` is set by the local runners alone (AUT-3).
 */
export const authenticate: MiddlewareHandler<Edge> = async (context, next) => {
  const { MILLRACE_TOKEN: expected, MILLRACE_AUTH: mode } = context.env;
  if (mode === "off" || open(context.req)) return next();
  if (expected === undefined || expected === "") {
    const hint = "Run `wrangler secret put MILLRACE_TOKEN`, then send it as `Authorization: Bearer <token>`";
    return problem(refuse("unauthenticated", "this Worker has no token configured", { hint }));
  }
  const [, given] = /^Bearer +(\S+) *$/i.exec(context.req.header("authorization") ?? "") ?? [];
  if (given === undefined) {
    const hint = "Send `Authorization: Bearer <token>`";
    return problem(refuse("unauthenticated", "the request carries no bearer token", { hint }));
  }
  if (!sameToken(given, expected))
    return problem(refuse("unauthenticated", "the bearer token is not the configured one"));
  return next();
};
