import { Hono } from "hono";
import { noQuery } from "../../schema/wire/request/parameter.ts";
import { jsonText } from "../answer.ts";
import type { Edge } from "../edge.ts";
import { withQuery } from "../input.ts";

export const openapi: Hono<Edge> = new Hono<Edge>();

openapi.get(
  "/openapi.json",
  withQuery(noQuery, async () => {
    // Shapes of answers are built for the document alone, so a cold start does not pay for them.
    const { documentText } = await import("../openapi-document.ts");
    return jsonText(documentText());
  }),
);
