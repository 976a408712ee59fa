import { Hono } from "hono";
import { json } from "../answer.ts";
import type { Edge } from "../edge.ts";
import { VERSION } from "../version.ts";

export const health: Hono<Edge> = new Hono<Edge>();

health.get("/healthz", () => json({ status: "ok", version: VERSION }));
