import * as z from "zod";
import { problem } from "../schema/wire/answer/problem.ts";
import { routeTable, type Content, type DocumentedRoute } from "./route-table.ts";
import { VERSION } from "./version.ts";

const SCHEMAS = "#/components/schemas/";

/** A named shape by reference, any other in place. OpenAPI 3.1 is JSON Schema 2020-12, as zod writes it. */
function schemaOf(shape: z.ZodType): object {
  const { id } = z.globalRegistry.get(shape) ?? {};
  if (id !== undefined) return { $ref: SCHEMAS + id };
  if (shape instanceof z.ZodUnion) return { anyOf: shape.options.map((option) => schemaOf(option as z.ZodType)) };
  // The output, as that of a query parameter is the number that its text stands for, with its default.
  return bare(z.toJSONSchema(shape));
}

/** OpenAPI 3.1 says which JSON Schema it is written in, and a component is known by its place. */
function bare(schema: z.core.JSONSchema.BaseSchema): object {
  const { $schema: _dialect, $id: _place, ...rest } = schema;
  return rest;
}

function contentOf(content: Readonly<Record<string, Content>>): object {
  const entries = Object.entries(content).map(([type, shape]) => {
    return [type, { schema: shape === "bytes" ? { type: "string", format: "binary" } : schemaOf(shape) }];
  });
  return Object.fromEntries(entries) as object;
}

function parametersOf({ path, query, headers = {} }: DocumentedRoute): object[] {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => {
    return { name, in: "path", required: true, schema: { type: name === "partition" ? "integer" : "string" } };
  });
  const inQuery = Object.entries(query?.shape ?? {}).map(([name, shape]) => {
    return { name, in: "query", schema: schemaOf(shape as z.ZodType) };
  });
  const inHeader = Object.entries(headers).map(([name, description]) => {
    return { name, in: "header", description, schema: { type: "string" } };
  });
  return [...inPath, ...inQuery, ...inHeader];
}

function operationOf(route: DocumentedRoute): object {
  const answers = Object.entries(route.answers).map(([status, content]) => {
    return [
      status,
      { description: route.summary, ...(Object.keys(content).length === 0 ? {} : { content: contentOf(content) }) },
    ];
  });
  return {
    summary: route.summary,
    parameters: parametersOf(route),
    ...(route.body === undefined ? {} : { requestBody: { content: contentOf(route.body) } }),
    responses: {
      ...(Object.fromEntries(answers) as object),
      default: { description: "Refused", content: { "application/problem+json": { schema: schemaOf(problem) } } },
    },
    ...(route.open === true ? { security: [] } : {}),
  };
}

export function openapiDocument(): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routeTable) paths[route.path] = { ...paths[route.path], [route.method]: operationOf(route) };
  const { schemas } = z.toJSONSchema(z.globalRegistry, { uri: (id) => SCHEMAS + id, io: "input" });
  const components = Object.entries(schemas).map(([id, schema]) => [id, bare(schema)]);
  return {
    openapi: "3.1.0",
    info: { title: "Millrace", version: VERSION, license: { name: "Apache-2.0", identifier: "Apache-2.0" } },
    security: [{ token: [] }],
    paths,
    components: {
      schemas: Object.fromEntries(components) as object,
      securitySchemes: { token: { type: "http", scheme: "bearer" } },
    },
  };
}

let text: string | undefined;

/** Built once in an isolate. */
export function documentText(): string {
  text ??= JSON.stringify(openapiDocument());
  return text;
}
