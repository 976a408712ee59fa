import { expect, test } from "vitest";
import { app } from "./app.ts";
import { openapiDocument } from "./openapi-document.ts";

interface Operation {
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly schema: object }[];
  readonly requestBody?: { readonly content: object };
  readonly responses: Readonly<Record<string, object>>;
}

const document = openapiDocument() as {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
};

test("it lists every route of the app, and no other [HTTP-11]", () => {
  const routes = app.routes
    .filter(({ method }) => method !== "ALL")
    .map(({ method, path }) => {
      return `${method} ${path.replace(/:(\w+)/g, "{$1}")}`;
    });
  const documented = Object.entries(document.paths).flatMap(([path, operations]) => {
    return Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`);
  });
  expect(new Set(documented)).toEqual(new Set(routes));
});

test("every reference is to a shape of the document, and every shape is referred to [HTTP-11]", () => {
  const referred = new Set(
    [...JSON.stringify(document).matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(([, id]) => id),
  );
  expect(referred).toEqual(new Set(Object.keys(document.components.schemas)));
});

test("parameters are those of the checked shapes [HTTP-4, HTTP-11]", () => {
  const read = document.paths["/v1/topics/{topic}/partitions/{partition}/records"]?.["get"];
  const parameters = new Map(read?.parameters.map(({ name, schema }) => [name, schema]));
  expect([...parameters.keys()]).toEqual([
    "topic",
    "partition",
    "offset",
    "timestamp",
    "maxRecords",
    "maxBytes",
    "waitMs",
    "format",
  ]);
  expect(parameters.get("waitMs")).toEqual({ type: "integer", minimum: 0, maximum: 30_000, default: 0 });
  expect(parameters.get("offset")).toMatchObject({
    anyOf: [{ enum: ["earliest", "latest"] }, { type: "integer", minimum: 0 }],
  });
  const produce = document.paths["/v1/topics/{topic}/records"]?.["post"];
  expect(Object.keys(produce?.requestBody?.content ?? {})).toEqual([
    "application/json",
    "application/x-ndjson",
    "application/vnd.kafka.recordbatch",
  ]);
  expect(Object.keys(produce?.responses ?? {})).toEqual(["200", "207", "default"]);
});
