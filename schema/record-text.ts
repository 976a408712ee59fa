// Records as JSON text, for reading over HTTP.

import { isJson } from "./json-text.ts";
import type { JsonWriter } from "./json-writer.ts";
import type { ConsumerRecord, Header } from "./record.ts";
import type { SentRecord } from "./rpc/log.ts";
import { isUtf8 } from "./utf8.ts";

export interface RecordTextOptions {
  readonly partition: number;
  /** Values are base64 always, so that a reader need not look at them (`?format=binary`). */
  readonly binary?: boolean | undefined;
}

/**
 * Writes `{"partition", "offset", "timestamp", "key", "value", "headers"}`. A JSON value stands in it as it was stored, line
 * breaks included: what frames records by lines (SSE, NDJSON) has to look after those (JSN-10).
 */
export function writeRecordJson(writer: JsonWriter, record: ConsumerRecord, options: RecordTextOptions): void {
  writer.text('{"partition":');
  writer.integer(options.partition);
  writer.text(',"offset":');
  writer.integer(record.offset);
  writer.text(',"timestamp":');
  writer.integer(record.timestampMs);
  writer.text(',"key":');
  writeTextJson(writer, record.key);
  writer.text(',"value":');
  if (options.binary === true && record.value !== null) writeBase64Json(writer, record.value);
  else writeValueJson(writer, record.value);
  writer.text(',"headers":{');
  if (record.headers.length > 0) writeHeaders(writer, record.headers);
  writer.text("}}");
}

/** Writes `{"topic", "partition", "timestamp", "key", "value", "headers"}`: a record on its way to a topic. */
export function writeSentRecordJson(writer: JsonWriter, record: SentRecord): void {
  writer.text(`{"topic":${JSON.stringify(record.topic)},"partition":`);
  writer.integer(record.partition);
  writer.text(',"timestamp":');
  writer.integer(record.timestampMs);
  writer.text(',"key":');
  writeTextJson(writer, record.key);
  writer.text(',"value":');
  writeValueJson(writer, record.value);
  writer.text(',"headers":{');
  if (record.headers.length > 0) writeHeaders(writer, record.headers);
  writer.text("}}");
}

/** A key, or the value of a header: UTF-8 as a string, other bytes as `{"base64": "…"}` (JSN-11). */
function writeTextJson(writer: JsonWriter, bytes: Uint8Array | null): void {
  if (bytes === null) writer.text("null");
  else if (isUtf8(bytes)) writer.string(bytes);
  else writeBase64Json(writer, bytes);
}

/** One valid JSON text as it is, other UTF-8 as `{"text": "…"}`, other bytes as `{"base64": "…"}` (JSN-10). */
function writeValueJson(writer: JsonWriter, value: Uint8Array | null): void {
  if (value === null) writer.text("null");
  else if (isJson(value)) writer.json(value);
  else if (isUtf8(value)) {
    writer.text('{"text":');
    writer.string(value);
    writer.text("}");
  } else writeBase64Json(writer, value);
}

function writeBase64Json(writer: JsonWriter, bytes: Uint8Array): void {
  writer.text('{"base64":');
  writer.base64(bytes);
  writer.text("}");
}

/**
 * The members of an object with each name once. Of a repeated name the last value is written, the one that Kafka's
 * `lastHeader` gives; all of them are in the RecordBatch (JSN-12).
 */
function writeHeaders(writer: JsonWriter, headers: readonly Header[]): void {
  let first = true;
  for (const [index, header] of headers.entries()) {
    if (headers.some((later, at) => at > index && later.key === header.key)) continue;
    writer.text(`${first ? "" : ","}${JSON.stringify(header.key)}:`);
    writeTextJson(writer, header.value);
    first = false;
  }
}
