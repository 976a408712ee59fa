import { Hono } from "hono";
import { refuse, type Refusal } from "../../schema/error.ts";
import { MAX_PAGE, MAX_TIMESTAMP_MS } from "../../schema/limits.ts";
import type { StoreAnswer, StoreDescription, StoreRow } from "../../schema/rpc.ts";
import { noQuery } from "../../schema/wire/request/parameter.ts";
import { storeQuery } from "../../schema/wire/request/store.ts";
import { answered, json, jsonText } from "../answer.ts";
import type { Edge } from "../edge.ts";
import { withQuery } from "../input.ts";
import { pipelineOf } from "../pipeline-tasks.ts";
import { problem } from "../refuse.ts";
import { readKey, readPage, readWindows, type Page, type StoreRead } from "../store-read.ts";

/** `value` is JSON text already and goes out as it is. */
function rowText({ key, value, start, end }: StoreRow): string {
  const window = start === undefined ? "" : `"start":${start},"end":${end ?? start},`;
  return `{"key":${JSON.stringify(key)},${window}"value":${value}}`;
}

function reflectsText({ topic, partition, offset }: StoreAnswer): string {
  return `"topic":${JSON.stringify(topic)},"partition":${partition},"offset":${offset}`;
}

function cursorText({ cursor }: Page): string {
  return cursor === undefined ? "" : `,"cursor":${JSON.stringify(cursor)}`;
}

function valueAnswer(answer: StoreAnswer, key: string): Response {
  const [row] = answer.rows;
  if (row === undefined) return problem(refuse("not_found", `key ${JSON.stringify(key)} is not in the store`));
  return jsonText(`{"key":${JSON.stringify(row.key)},"value":${row.value},${reflectsText(answer)}}`);
}

function windowsAnswer(answer: StoreAnswer): Response {
  return jsonText(`{"windows":[${answer.rows.map(rowText).join(",")}],${reflectsText(answer)}${cursorText(answer)}}`);
}

function pageAnswer(page: Page, kind: StoreDescription["kind"]): Response {
  const rows = page.rows.map(rowText).join(",");
  return jsonText(`{"${kind === "window" ? "windows" : "entries"}":[${rows}]${cursorText(page)}}`);
}

/** Which parameters go together (STR-2). */
function checkParameters({ parameters }: StoreRead, kind: StoreDescription["kind"]): Refusal | undefined {
  const { key, from, to, cursor, limit, minOffset, partition } = parameters;
  const timed = from !== undefined || to !== undefined;
  const oneRow = key !== undefined && kind !== "window";
  if (timed && kind !== "window")
    return refuse("invalid_request", "the store has no windows: leave out from and to", { field: "from" });
  if (timed && key === undefined) return refuse("invalid_request", "from and to need a key", { field: "key" });
  if (from !== undefined && to !== undefined && from > to)
    return refuse("invalid_request", `from ${from} is after to ${to}`, { field: "from" });
  if (oneRow && cursor !== undefined)
    return refuse("invalid_request", "one key has no pages: leave out cursor", { field: "cursor" });
  if (oneRow && limit !== undefined)
    return refuse("invalid_request", "one key has no pages: leave out limit", { field: "limit" });
  if (minOffset !== undefined && key === undefined && partition === undefined) {
    return refuse("invalid_request", "minOffset needs the partition that it counts in", { field: "partition" });
  }
  return undefined;
}

async function answerRead(read: StoreRead, kind: StoreDescription["kind"]): Promise<Response> {
  const { key, from = 0, to = MAX_TIMESTAMP_MS, limit = MAX_PAGE } = read.parameters;
  if (key === undefined) return answered(await readPage(read), (page) => pageAnswer(page, kind));
  // Times of starts are whole ms, so `[from, to)` is the closed range that the store reads.
  if (kind === "window") {
    return answered(
      await readWindows(read, { kind: "windows", key, fromMs: from, toMs: to - 1, limit }),
      windowsAnswer,
    );
  }
  return answered(await readKey(read, { kind: "key", key }), (value) => valueAnswer(value, key));
}

export const stores: Hono<Edge> = new Hono<Edge>();

stores.get(
  "/v1/pipelines/:pipeline/stores",
  withQuery(noQuery, async (context) => {
    const found = await pipelineOf(context);
    return answered(found, ({ pipeline }) =>
      json({ stores: pipeline.stores.map(({ name, kind }) => ({ name, kind })) }),
    );
  }),
);

stores.get(
  "/v1/pipelines/:pipeline/stores/:store",
  withQuery(storeQuery, async (context, parameters) => {
    const found = await pipelineOf(context);
    if (!found.ok) return problem(found);
    const { pipeline } = found;
    const store = context.req.param("store") ?? "";
    const description = pipeline.stores.find(({ name }) => name === store);
    if (description === undefined) {
      const hint = `It has ${pipeline.stores.map(({ name }) => name).join(", ") || "none"}`;
      return problem(refuse("not_found", `pipeline ${pipeline.name} has no store "${store}"`, { hint }));
    }
    const input = pipeline.inputs.find((each) => each.input === description.input);
    if (input === undefined) {
      const hint = `GET /v1/pipelines/${pipeline.name} says what it waits for`;
      return problem(refuse("not_found", `pipeline ${pipeline.name} has not started`, { hint }));
    }
    const read: StoreRead = { env: context.env, pipeline, store, input, parameters };
    const refusal = checkParameters(read, description.kind);
    return refusal === undefined ? answerRead(read, description.kind) : problem(refusal);
  }),
);
