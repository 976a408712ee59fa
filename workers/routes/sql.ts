import { Hono } from "hono";
import { noQuery } from "../../schema/wire/request/parameter.ts";
import { sqlBody } from "../../schema/wire/request/sql.ts";
import { answered, json } from "../answer.ts";
import type { Edge } from "../edge.ts";
import { bodyOf, withQuery } from "../input.ts";
import { pipelineOf } from "../pipeline-tasks.ts";
import { problem } from "../refuse.ts";
import { queryStores } from "../store-sql.ts";

export const sql: Hono<Edge> = new Hono<Edge>();

sql.post(
  "/v1/pipelines/:pipeline/sql",
  withQuery(noQuery, async (context) => {
    const body = await bodyOf(context, sqlBody);
    if (!body.ok) return problem(body);
    const found = await pipelineOf(context);
    if (!found.ok) return problem(found);
    const answer = await queryStores(context.env, found.pipeline, body.value);
    return answered(answer, ({ columns, rows, more, reflects }) => json({ columns, rows, more, reflects }));
  }),
);
