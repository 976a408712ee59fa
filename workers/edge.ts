import type { Context } from "hono";
import type { Env } from "../durable-objects/env.ts";

/** What Hono knows of our Workers: the bindings. */
export interface Edge {
  Bindings: Env;
}

export type EdgeContext = Context<Edge>;
