import { Hono } from "hono";
import { refuse, type Answer, type Refusal } from "../../schema/error.ts";
import { MAX_PAGE, MAX_TIMESTAMP_MS } from "../../schema/limits.ts";
import type { StoreAnswer, StoreDescription, StoreRow } from "../../schema/rpc.ts";
import { noQuery } from "../../schema/wire/request/parameter.ts";
import { storeQuery } from "../../schema/wire/request/store.ts";
import { answered, json, jsonText } from "../answer.ts";
import type { Edge } from "../edge.ts";
import { withQuery } from "../input.ts";
import { pipelineOf } from "../pipeline-tasks.ts";
import { problem } from "../refuse.ts";
import { readKey, readPage, type Page, type StoreRead } from "../store-read.ts";

/** `value` is JSON text already and goes out as it is. */
function rowText({ key, value, start, end }: StoreRow): string {
  const window = start === undefined ? "" : `"start":${start},"end":${end ?? start},`;
  return `{"key":${JSON.stringify(key)},${window}"value":${value}}`;
}

function reflectsText({ topic, partition, offset }: StoreAnswer): string {
  return `"topic":${JSON.stringify(topic)},"partition":${partition},"offset":${offset}`;
}

function valueAnswer(answer: StoreAnswer, key: string): Response {
  const [row] = answer.rows;
  if (row === undefined) return problem(refuse("not_found", `key ${JSON.stringify(key)} is not in the store`));
  return jsonText(`{"key":${JSON.stringify(row.key)},"value":${row.value},${reflectsText(answer)}}`);
}

function windowsAnswer(answer: StoreAnswer): Response {
  return jsonText(`{"windows":[${answer.rows.map(rowText).join(",")}],${reflectsText(answer)}}`);
}

function pageAnswer({ rows, cursor }: Page, kind: StoreDescription["kind"]): Response {
  const next = cursor === undefined ? "" : `,"cursor":${JSON.stringify(cursor)}`;
  return jsonText(`{"${kind === "window" ? "windows" : "entries"}":[${rows.map(rowText).join(",")}]${next}}`);
}

/** Which parameters go together (STR-2). */
function checkParameters({ parameters }: StoreRead, kind: StoreDescription["kind"]): Refusal | undefined {
  const { key, from, to, cursor, minOffset, partition } = parameters;
  const timed = from !== undefined || to !== undefined;
  if (timed && kind !== "window")
    return refuse("invalid_request", "the store has no windows: leave out from and to", { field: "from" });
  if (timed && key === undefined) return refuse("invalid_request", "from and to need a key", { field: "key" });
  if (cursor !== undefined && key !== undefined)
    return refuse("invalid_request", "a cursor goes with no key", { field: "cursor" });
  if (minOffset !== undefined && key === undefined && partition === undefined) {
    return refuse("invalid_request", "minOffset needs the partition that it counts in", { field: "partition" });
  }
  return undefined;
}

async function answerRead(read: StoreRead, kind: StoreDescription["kind"]): Promise<Response> {
  const { key, from = 0, to = MAX_TIMESTAMP_MS, limit = MAX_PAGE } = read.parameters;
  if (key === undefined) return answered(await readPage(read), (page) => pageAnswer(page, kind));
  // Times of starts are whole ms, so `[from, to)` is the closed range that the store reads.
  const windows = { kind: "windows", key, fromMs: from, toMs: to - 1, limit } as const;
  const answer: Answer<StoreAnswer> = await readKey(read, key, kind === "window" ? windows : { kind: "key", key });
  return answered(answer, (value) => (kind === "window" ? windowsAnswer(value) : valueAnswer(value, key)));
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
    const read: StoreRead = { env: context.env, pipeline, store, parameters };
    const refusal = checkParameters(read, description.kind);
    return refusal === undefined ? answerRead(read, description.kind) : problem(refusal);
  }),
);
