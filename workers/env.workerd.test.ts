import { env as bindings } from "cloudflare:workers";
import { expect, test } from "vitest";
import type { Env } from "../durable-objects/env.ts";

/** What wrangler.toml binds; the rest of Env is set where it runs. */
type Bound = Exclude<keyof Env, "MILLRACE_TOKEN" | "MILLRACE_AUTH">;

const kinds: { readonly [Name in Bound]: string } = {
  PARTITION: "DurableObjectNamespace",
  CATALOG: "DurableObjectNamespace",
  DB: "D1Database",
  LAKE: "R2Bucket",
  ASSETS: "Fetcher",
};

test("wrangler.toml binds what Env says [HTTP-16]", () => {
  const bound = bindings as unknown as Record<string, object>;
  for (const [name, kind] of Object.entries(kinds)) expect([name, bound[name]?.constructor.name]).toEqual([name, kind]);
});
