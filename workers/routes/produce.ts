import { Hono } from "hono";
import { release } from "../../durable-objects/bytes.ts";
import { refuse, type Answer } from "../../schema/error.ts";
import { MAX_REQUEST_BYTES } from "../../schema/limits.ts";
import type { ProduceInput } from "../../schema/produce-record.ts";
import { type ProduceInputs, readProduceBody, readProduceLines } from "../../schema/produce-text.ts";
import type { Bytes } from "../../schema/record.ts";
import type { Appended, AppendRequest, TopicIdentity } from "../../schema/rpc/log.ts";
import { type ProduceParameters, produceQuery } from "../../schema/wire/request/produce.ts";
import { answered } from "../answer.ts";
import { BodiesInFlight } from "../bodies-in-flight.ts";
import { type Hold, readBody } from "../body.ts";
import type { Edge, EdgeContext } from "../edge.ts";
import { withQuery } from "../input.ts";
import { checkPartition, topicOf } from "../path.ts";
import { mediaTypeOf, RECORD_BATCH_TYPE } from "../media-type.ts";
import { batchAnswer, commonRefusal, recordsAnswer, type Outcomes } from "../produce/answer.ts";
import { encodeAppends } from "../produce/encode.ts";
import { keylessPartition, placeRecords } from "../produce/place.ts";
import { batchAppend } from "../produce/record-batch.ts";
import { requestProducerOf, type RequestProducer } from "../produce/request-sequence.ts";
import { checkSettings } from "../produce/topic-settings.ts";
import { problem } from "../refuse.ts";
import { ask, partitionOf } from "../stubs.ts";
import { withTopic } from "../topic-cache.ts";

const textReaders = new Map<string, (bytes: Bytes) => ProduceInputs>([
  ["application/json", readProduceBody],
  ["application/x-ndjson", readProduceLines],
]);

function append(context: EdgeContext, identity: TopicIdentity, [partition, request]: readonly [number, AppendRequest]) {
  return ask<Appended>(partitionOf(context.env, identity, partition).append(request));
}

async function produceRecords(
  context: EdgeContext,
  records: readonly ProduceInput[],
  { producer, wait }: { readonly producer: RequestProducer | undefined; readonly wait: AppendRequest["await"] },
): Promise<Response> {
  const nowMs = Date.now();
  const answer = await withTopic(context.env, topicOf(context), async (identity) => {
    const { partitions } = identity;
    const places = placeRecords(records, partitions, keylessPartition(producer, partitions));
    if (!places.ok) return places;
    const encoded = encodeAppends({ records, placed: places.placed, nowMs, producer });
    if (!encoded.ok) return encoded;
    const { appends } = encoded;
    const refusal = await checkSettings(context.env, identity, { appends, nowMs });
    if (refusal !== undefined) return refusal;
    const asked = [...appends].map(
      async (one) => [one[0], await append(context, identity, [one[0], { ...one[1], await: wait }])] as const,
    );
    const outcomes: Outcomes = new Map(await Promise.all(asked));
    for (const { batch } of appends.values()) release(batch);
    return commonRefusal(outcomes) ?? { ok: true as const, placed: places.placed, outcomes };
  });
  return answered(answer, ({ placed, outcomes }) => recordsAnswer(placed, outcomes));
}

async function produceBatch(
  context: EdgeContext,
  bytes: Bytes,
  to: {
    readonly partition: number;
    readonly producer: RequestProducer | undefined;
    readonly each: boolean;
    readonly wait: AppendRequest["await"];
  },
): Promise<Response> {
  const { partition, producer, each, wait } = to;
  const batch = batchAppend(bytes, producer);
  if (!batch.ok) return problem(batch);
  const answer = await withTopic<Appended>(context.env, topicOf(context), async (identity) => {
    const exists = checkPartition(partition, identity.partitions);
    return exists.ok ? append(context, identity, [partition, { ...batch.append, await: wait }]) : exists;
  });
  release(batch.append.batch);
  return answered(answer, (appended) => batchAnswer(partition, each ? batch.records : undefined, appended));
}

/** What the headers say, checked before the body is read. */
function checkHeaders(
  context: EdgeContext,
  query: ProduceParameters,
): Answer<{ readonly type: string; readonly producer: RequestProducer | undefined }> {
  const type = mediaTypeOf(context.req.header("content-type"));
  if (type !== RECORD_BATCH_TYPE && !textReaders.has(type)) {
    const hint = `Send ${[...textReaders.keys()].join(", ")} or ${RECORD_BATCH_TYPE}`;
    return refuse("unsupported_media_type", `"${type}" is not a content type of records`, { hint });
  }
  if (type === RECORD_BATCH_TYPE && query.partition === undefined) {
    return refuse("invalid_request", "a RecordBatch goes to one partition: send ?partition=N", { field: "partition" });
  }
  if (type !== RECORD_BATCH_TYPE && query.offsets !== undefined) {
    const message = "offsets=range goes with a RecordBatch: records of one request may go to several partitions";
    return refuse("invalid_request", message, { field: "offsets" });
  }
  if (type !== RECORD_BATCH_TYPE && query.partition !== undefined) {
    const message = "?partition=N goes with a RecordBatch: a record object has a partition of its own";
    return refuse("invalid_request", message, { field: "partition" });
  }
  const sequence = requestProducerOf(context.req.raw.headers);
  return sequence.ok ? { ok: true, type, producer: sequence.producer } : sequence;
}

/** The isolate's: all requests share its memory. */
const bodies = new BodiesInFlight();

async function produceBody(
  context: EdgeContext,
  query: ProduceParameters,
  {
    type,
    producer,
    hold,
  }: { readonly type: string; readonly producer: RequestProducer | undefined; readonly hold: Hold },
): Promise<Response> {
  const body = await readBody(context.req.raw, MAX_REQUEST_BYTES, hold);
  if (!body.ok) return problem(body);
  const { partition } = query;
  const each = query.offsets !== "range";
  const wait = query.await;
  if (partition !== undefined) return produceBatch(context, body.bytes, { partition, producer, each, wait });
  const read = (textReaders.get(type) ?? readProduceBody)(body.bytes);
  const response = read.ok ? await produceRecords(context, read.records, { producer, wait }) : problem(read);
  release(body.bytes);
  return response;
}

export const produce: Hono<Edge> = new Hono<Edge>();

produce.post(
  "/v1/topics/:topic/records",
  withQuery(produceQuery, async (context, query) => {
    const headers = checkHeaders(context, query);
    if (!headers.ok) return problem(headers);
    const answer = await bodies.admit(context.req.raw, (hold) => produceBody(context, query, { ...headers, hold }));
    return answer instanceof Response ? answer : problem(answer);
  }),
);
