import { Hono } from "hono";
import { noQuery } from "../../schema/wire/request/parameter.ts";
import { json } from "../answer.ts";
import type { Edge } from "../edge.ts";
import { withQuery } from "../input.ts";
import { VERSION } from "../version.ts";

export const health: Hono<Edge> = new Hono<Edge>();

health.get(
  "/healthz",
  withQuery(noQuery, () => json({ status: "ok", version: VERSION })),
);
