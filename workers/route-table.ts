// Every route with the shapes it takes and gives, for the OpenAPI document. A test holds it equal to the app's routes.
import * as z from "zod";
import { deadLetterList, redriveAnswer } from "../schema/wire/answer/dead-letter.ts";
import { sqlAnswer } from "../schema/wire/answer/sql.ts";
import { health } from "../schema/wire/answer/health.ts";
import {
  pipelineAction,
  pipelineReset,
  pipelineDescription,
  pipelineFork,
  pipelineList,
  pipelineStateAnswer,
  pipelineSwap,
} from "../schema/wire/answer/pipeline.ts";
import { batchProduceAnswer, partialProduceAnswer, produceAnswer } from "../schema/wire/answer/produce.ts";
import { producerAllocation, producerPositions } from "../schema/wire/answer/producer.ts";
import { readAnswer } from "../schema/wire/answer/read.ts";
import {
  changesEvent,
  snapshotEvent,
  storeEntries,
  storeList,
  storePage,
  storeValue,
  storeWindows,
} from "../schema/wire/answer/store.ts";
import { tableList, tableRows } from "../schema/wire/answer/table.ts";
import { topicDescription, topicList, topicSummary, topicTrimmed } from "../schema/wire/answer/topic.ts";
import { noQuery } from "../schema/wire/request/parameter.ts";
import {
  deadLetterQuery,
  drainQuery,
  forkBody,
  redriveBody,
  resetBody,
  swapBody,
} from "../schema/wire/request/pipeline.ts";
import { produceBody, producerRecord } from "../schema/wire/request/produce-body.ts";
import { produceQuery } from "../schema/wire/request/produce.ts";
import { readQuery } from "../schema/wire/request/read.ts";
import { sqlBody } from "../schema/wire/request/sql.ts";
import { changesQuery, storeQuery } from "../schema/wire/request/store.ts";
import { tableQuery } from "../schema/wire/request/table.ts";
import { topicChange, topicCreation, topicDeletionQuery, topicTrim } from "../schema/wire/request/topic.ts";
import { EVENT_STREAM_TYPE, RECORD_BATCH_TYPE } from "./media-type.ts";

/** A JSON shape, or `bytes` for a body that is not JSON. */
export type Content = z.ZodType | "bytes";

export interface DocumentedRoute {
  readonly method: "get" | "post" | "put" | "patch" | "delete";
  readonly path: string;
  readonly summary: string;
  readonly query?: z.ZodObject | undefined;
  /** Optional request headers by name, with what they say. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: Readonly<Record<string, Content>> | undefined;
  /** By status; errors are `Problem` everywhere. */
  readonly answers: Readonly<Record<number, Readonly<Record<string, Content>>>>;
  readonly open?: boolean | undefined;
}

function json(shape: z.ZodType): Readonly<Record<string, Content>> {
  return { "application/json": shape };
}

const produceHeaders = {
  "Producer-Id": "At most 64 characters; with the other two, or none of the three.",
  "Producer-Epoch": "An integer; a newer one fences the older.",
  "Producer-Sequence": "An integer, one higher for each request; a retry repeats it with the same records.",
  "Content-Encoding": "gzip or identity.",
};

const pipelinePath = "/v1/pipelines/{pipeline}";

export const routeTable: readonly DocumentedRoute[] = [
  { method: "get", path: "/healthz", summary: "Is the Worker up?", answers: { 200: json(health) }, open: true },
  { method: "get", path: "/openapi.json", summary: "This document", answers: { 200: json(z.looseObject({})) } },
  {
    method: "put",
    path: "/v1/topics/{topic}",
    summary: "Create a topic; 200 when it is there with the same settings",
    body: json(topicCreation),
    answers: { 200: json(topicSummary), 201: json(topicSummary) },
  },
  { method: "get", path: "/v1/topics", summary: "List topics", answers: { 200: json(topicList) } },
  {
    method: "get",
    path: "/v1/topics/{topic}",
    summary: "Describe a topic and its partitions",
    answers: { 200: json(topicDescription) },
  },
  {
    method: "patch",
    path: "/v1/topics/{topic}",
    summary: "Change settings of a topic",
    body: json(topicChange),
    answers: { 200: json(topicSummary) },
  },
  {
    method: "post",
    path: "/v1/topics/{topic}/trim",
    summary: "Remove the records before an offset of each partition named, whoever has not read them",
    body: json(topicTrim),
    answers: { 200: json(topicTrimmed) },
  },
  {
    method: "delete",
    path: "/v1/topics/{topic}",
    summary: "Delete a topic; nothing of it is readable any more",
    query: topicDeletionQuery,
    answers: { 204: {} },
  },
  {
    method: "post",
    path: "/v1/topics/{topic}/records",
    summary: "Append records; atomic per partition",
    query: produceQuery,
    headers: produceHeaders,
    body: { "application/json": produceBody, "application/x-ndjson": producerRecord, [RECORD_BATCH_TYPE]: "bytes" },
    answers: { 200: json(z.union([produceAnswer, batchProduceAnswer])), 207: json(partialProduceAnswer) },
  },
  {
    method: "get",
    path: "/v1/topics/{topic}/partitions/{partition}/records",
    summary: "Read records of a partition, waiting for a first one if asked to",
    query: readQuery,
    answers: { 200: { "application/json": readAnswer, [RECORD_BATCH_TYPE]: "bytes" } },
  },
  {
    method: "get",
    path: "/v1/topics/{topic}/producers/{producer}",
    summary: "Where an idempotent producer stands in each partition",
    answers: { 200: json(producerPositions) },
  },
  {
    method: "post",
    path: "/v1/producers",
    summary: "Allocate a producer id for RecordBatches",
    answers: { 200: json(producerAllocation) },
  },
  { method: "get", path: "/v1/pipelines", summary: "List pipelines", answers: { 200: json(pipelineList) } },
  {
    method: "get",
    path: pipelinePath,
    summary: "Describe a pipeline and its tasks",
    answers: { 200: json(pipelineDescription) },
  },
  {
    method: "post",
    path: `${pipelinePath}/pause`,
    summary: "Stop processing; appends go on",
    answers: { 200: json(pipelineStateAnswer) },
  },
  {
    method: "post",
    path: `${pipelinePath}/resume`,
    summary: "Go on after a pause",
    answers: { 200: json(pipelineStateAnswer) },
  },
  {
    method: "post",
    path: `${pipelinePath}/run`,
    summary: "Run what is due now, whatever the trigger",
    answers: { 200: json(pipelineAction) },
  },
  {
    method: "post",
    path: `${pipelinePath}/drain`,
    summary: "Process and deliver all that is in the inputs now; closes no window",
    query: drainQuery,
    answers: { 200: json(pipelineAction) },
  },
  {
    method: "post",
    path: `${pipelinePath}/reset`,
    summary: "Start from nothing under a new incarnation",
    body: json(resetBody),
    answers: { 200: json(pipelineReset) },
  },
  {
    method: "post",
    path: `${pipelinePath}/fork`,
    summary: "Start another version of the bundle beside the one that runs, its outputs muted",
    body: json(forkBody),
    answers: { 200: json(pipelineFork) },
  },
  {
    method: "delete",
    path: `${pipelinePath}/fork`,
    summary: "Abandon the fork; nothing of it is left",
    answers: { 204: {} },
  },
  {
    method: "post",
    path: `${pipelinePath}/swap`,
    summary: "Put the fork in the place of the version that runs: each output is sent by one of them",
    body: json(swapBody),
    answers: { 200: json(pipelineSwap) },
  },
  {
    method: "get",
    path: `${pipelinePath}/dead-letters`,
    summary: "List dead letters, with why each is one and whether it has been redriven",
    query: deadLetterQuery,
    answers: { 200: json(deadLetterList) },
  },
  {
    method: "post",
    path: `${pipelinePath}/redrive`,
    summary: "Run dead letters again, each once",
    body: json(redriveBody),
    answers: { 200: json(redriveAnswer) },
  },
  {
    method: "get",
    path: `${pipelinePath}/stores`,
    summary: "List the state stores of a pipeline",
    answers: { 200: json(storeList) },
  },
  {
    method: "get",
    path: `${pipelinePath}/stores/{store}`,
    summary: "Read state: one key, its windows or entries, or a range of keys by page",
    query: storeQuery,
    answers: { 200: json(z.union([storeValue, storeWindows, storeEntries, storePage])) },
  },
  {
    method: "get",
    path: `${pipelinePath}/stores/{store}/changes`,
    summary: "Follow a store: what it holds, then what changes in it, as an event stream",
    query: changesQuery,
    headers: { "Last-Event-ID": "The id of the last event that came: the stream goes on behind it." },
    answers: { 200: { [EVENT_STREAM_TYPE]: z.union([snapshotEvent, changesEvent]) } },
  },
  {
    method: "post",
    path: `${pipelinePath}/sql`,
    summary: "Run one SELECT over a pipeline's stores",
    body: json(sqlBody),
    answers: { 200: json(sqlAnswer) },
  },
  {
    method: "get",
    path: "/v1/tables",
    summary: "List the D1 tables that pipelines write",
    answers: { 200: json(tableList) },
  },
  {
    method: "get",
    path: "/v1/tables/{table}",
    summary: "Read rows of a table",
    query: tableQuery,
    answers: { 200: json(tableRows) },
  },
].map((route) => ({ query: noQuery, ...route }) as DocumentedRoute);
