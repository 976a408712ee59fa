import { Hono } from "hono";
import { cors } from "hono/cors";
import { refuse } from "../schema/error.ts";
import { authenticate } from "./auth.ts";
import type { Edge } from "./edge.ts";
import { checkTopicName } from "./path.ts";
import { internalError, problem } from "./refuse.ts";
import { deadLetters } from "./routes/dead-letters.ts";
import { health } from "./routes/health.ts";
import { openapi } from "./routes/openapi.ts";
import { pipelines } from "./routes/pipelines.ts";
import { produce } from "./routes/produce.ts";
import { producers } from "./routes/producers.ts";
import { read } from "./routes/read.ts";
import { sql } from "./routes/sql.ts";
import { stores } from "./routes/stores.ts";
import { tables } from "./routes/tables.ts";
import { topics } from "./routes/topics.ts";
import { takeUnreadBody } from "./unread-body.ts";

/** Beyond what a page may always read of an answer. */
const EXPOSED_HEADERS = [
  "Retry-After",
  "Allow",
  "Millrace-Start-Offset",
  "Millrace-Next-Offset",
  "Millrace-Log-Start-Offset",
  "Millrace-Log-End-Offset",
];
const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"];

export const app: Hono<Edge> = new Hono<Edge>();

// Browsers may ask from any page: what guards a deployment is the token, which no browser sends by itself (HTTP-15).
app.use(cors({ origin: "*", allowMethods: METHODS, exposeHeaders: EXPOSED_HEADERS, maxAge: 86_400 }));
app.use(takeUnreadBody);
app.use(authenticate);
app.use("/v1/topics/:topic/*", checkTopicName);

for (const routes of [health, topics, produce, read, producers, pipelines, deadLetters, stores, sql, tables, openapi]) {
  app.route("/", routes);
}

/** Methods that have a route for the path; middleware is registered for ALL. */
function methodsFor(path: string): string[] {
  return METHODS.filter((method) => app.router.match(method, path)[0].some(([[, route]]) => route.method === method));
}

app.notFound((context) => {
  const { method, path } = context.req;
  const allowed = methodsFor(path);
  const hint = "GET /openapi.json lists what there is";
  if (allowed.length === 0) return problem(refuse("not_found", `${path} is not a path of this API`, { hint }));
  const message = `${method} is not available for ${path}`;
  return problem(refuse("method_not_allowed", message, { hint: `Use ${allowed.join(" or ")}` }), {
    allow: allowed.join(", "),
  });
});

app.onError((error) => internalError(error));
