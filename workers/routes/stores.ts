import { Hono } from "hono";
import { noQuery } from "../../schema/wire/request/parameter.ts";
import { changesQuery, storeQuery } from "../../schema/wire/request/store.ts";
import { answered, json } from "../answer.ts";
import type { Edge } from "../edge.ts";
import { withQuery } from "../input.ts";
import { EVENT_STREAM_TYPE } from "../media-type.ts";
import { pipelineOf } from "../pipeline-tasks.ts";
import { problem } from "../refuse.ts";
import { checkStoreParameters, singleRow } from "../store-parameters.ts";
import { followStore } from "../store-changes.ts";
import { storeOf } from "../store-path.ts";
import { readKey, readRows } from "../store-read.ts";
import { pageAnswer, valueAnswer } from "../store-text.ts";

export const stores: Hono<Edge> = new Hono<Edge>();

stores.get(
  "/v1/pipelines/:pipeline/stores",
  withQuery(noQuery, async (context) => {
    const found = await pipelineOf(context);
    return answered(found, ({ pipeline }) =>
      json({
        stores: pipeline.stores.map(({ name, kind, windows, key, reads }) => ({ name, kind, windows, key, reads })),
      }),
    );
  }),
);

stores.get(
  "/v1/pipelines/:pipeline/stores/:store",
  withQuery(storeQuery, async (context, parameters) => {
    const found = await storeOf(context);
    if (!found.ok) return problem(found);
    const { store } = found;
    const refusal = checkStoreParameters(parameters, store);
    if (refusal !== undefined) return problem(refusal);
    const { key, asOf } = parameters;
    const read = { ...found, env: context.env, parameters };
    if (key !== undefined && singleRow(store)) {
      return answered(await readKey(read, key), (answer) => valueAnswer(answer, { key, asOf }));
    }
    return answered(await readRows(read), (page) => pageAnswer(page, store, key !== undefined));
  }),
);

stores.get(
  "/v1/pipelines/:pipeline/stores/:store/changes",
  withQuery(changesQuery, async (context, parameters) => {
    const found = await storeOf(context);
    if (!found.ok) return problem(found);
    const lastEventId = context.req.header("last-event-id");
    const followed = await followStore({ ...found, env: context.env, parameters, lastEventId });
    if (!followed.ok) return problem(followed);
    const headers = { "content-type": EVENT_STREAM_TYPE, "cache-control": "no-store" };
    return new Response(followed.stream, { headers });
  }),
);
