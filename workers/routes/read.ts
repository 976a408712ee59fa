import { Hono } from "hono";
import { refuse, type Answer } from "../../schema/error.ts";
import { JsonWriter } from "../../schema/json-writer.ts";
import { MAX_READ_BYTES, MAX_READ_RECORDS } from "../../schema/limits.ts";
import { batchesIn, readHeader } from "../../schema/record-batch/decode.ts";
import { writeRecordJson, type RecordTextOptions } from "../../schema/record-text.ts";
import type { ReadAnswer, ReadRequest } from "../../schema/rpc/log.ts";
import { type ReadParameters, readQuery } from "../../schema/wire/request/read.ts";
import { answered, jsonText } from "../answer.ts";
import type { Edge } from "../edge.ts";
import { withQuery } from "../input.ts";
import { checkPartition, partitionNumberOf, topicOf } from "../path.ts";
import { RECORD_BATCH_TYPE } from "../media-type.ts";
import { selectRecords } from "../read/select.ts";
import { problem } from "../refuse.ts";
import { ask, partitionOf } from "../stubs.ts";
import { withTopic } from "../topic-cache.ts";

/** Of the answer around its records. */
const FRAME_BYTES = 200;

function requestOf({
  offset,
  timestamp,
  maxRecords,
  maxBytes,
  waitMs,
}: ReadParameters): Answer<{ readonly request: ReadRequest }> {
  if (offset !== undefined && timestamp !== undefined) {
    return refuse("invalid_request", "offset and timestamp both say where to begin: send one", { field: "timestamp" });
  }
  const place = typeof offset === "number" ? { offset } : (offset ?? "earliest");
  const from = timestamp === undefined ? place : { timestampMs: timestamp };
  const limits = { maxRecords: Math.min(maxRecords, MAX_READ_RECORDS), maxBytes: Math.min(maxBytes, MAX_READ_BYTES) };
  return { ok: true, request: { from, ...limits, waitMs } };
}

/** Stored batches as they are; a client skips what lies before `Millrace-Start-Offset` in the first (REA-6). */
function storedAnswer({ batches, startOffset, logStartOffset, logEndOffset }: ReadAnswer): Response {
  let nextOffset = startOffset;
  for (const batch of batchesIn(batches)) nextOffset = Math.max(nextOffset, readHeader(batch).lastOffset + 1);
  return new Response(batches, {
    headers: {
      "content-type": RECORD_BATCH_TYPE,
      "millrace-start-offset": String(startOffset),
      "millrace-next-offset": String(nextOffset),
      "millrace-log-start-offset": String(logStartOffset),
      "millrace-log-end-offset": String(logEndOffset),
    },
  });
}

interface TextOptions extends RecordTextOptions {
  readonly maxRecords: number;
  readonly maxBytes: number;
}

/** Stored bytes are copied into one buffer, never parsed and never made strings. */
function textAnswer(found: ReadAnswer, options: TextOptions): Response {
  const { records, nextOffset } = selectRecords(found, options);
  const writer = new JsonWriter(2 * found.batches.byteLength + FRAME_BYTES);
  writer.text('{"records":[');
  for (const [index, record] of records.entries()) {
    if (index > 0) writer.text(",");
    writeRecordJson(writer, record, options);
  }
  const { logStartOffset, logEndOffset } = found;
  writer.text(`],"nextOffset":${nextOffset},"logStartOffset":${logStartOffset},"logEndOffset":${logEndOffset}}`);
  return jsonText(writer.take());
}

export const read: Hono<Edge> = new Hono<Edge>();

read.get(
  "/v1/topics/:topic/partitions/:partition/records",
  withQuery(readQuery, async (context, query) => {
    const number = partitionNumberOf(context);
    if (!number.ok) return problem(number);
    const { partition } = number;
    const wanted = requestOf(query);
    if (!wanted.ok) return problem(wanted);
    const { request } = wanted;
    const answer = await withTopic<ReadAnswer>(context.env, topicOf(context), async (identity) => {
      const exists = checkPartition(partition, identity.partitions);
      return exists.ok ? ask(partitionOf(context.env, identity, partition).read(request)) : exists;
    });
    const stored = (context.req.header("accept") ?? "").includes(RECORD_BATCH_TYPE);
    return answered(answer, (found) =>
      stored ? storedAnswer(found) : textAnswer(found, { partition, binary: query.format === "binary", ...request }),
    );
  }),
);
