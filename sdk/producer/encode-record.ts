import {
  MAX_HEADER_BYTES,
  MAX_HEADERS_PER_RECORD,
  MAX_KEY_BYTES,
  MAX_RECORD_BYTES,
  MAX_TIMESTAMP_MS,
  MIN_TIMESTAMP_MS,
} from "../../schema/limits.ts";
import type { EncodableRecord } from "../../schema/record-batch/encode.ts";
import type { Bytes } from "../../schema/record.ts";
import { StreamError, type StreamErrorCode } from "../stream-error.ts";
import type { RecordToSend } from "./record-to-send.ts";

type Headers = EncodableRecord["headers"];

const NO_HEADERS: Headers = [];
const encoder = new TextEncoder();

/** What a record will be in its batch. Throws a StreamError for one that every topic would refuse (SDK-10). */
export function encodableRecord(record: RecordToSend, nowMs: number): EncodableRecord {
  const key = record.key === undefined ? null : (record.key as Bytes | string | null);
  if (key !== null && typeof key !== "string" && !((key as unknown) instanceof Uint8Array)) {
    throw refuse("invalid_request", `a key is a string or a Uint8Array, not ${typeof key}`);
  }
  const value = encodableValue(record);
  if (key === null && value === null) throw refuse("invalid_request", "a record needs a key or a value");
  const timestampMs = record.timestampMs ?? nowMs;
  if (!Number.isInteger(timestampMs) || timestampMs < MIN_TIMESTAMP_MS || timestampMs > MAX_TIMESTAMP_MS) {
    const range = `whole milliseconds from ${MIN_TIMESTAMP_MS} to ${MAX_TIMESTAMP_MS}`;
    throw refuse("invalid_timestamp", `timestampMs ${timestampMs} is not in ${range}`);
  }
  const headers = record.headers === undefined ? NO_HEADERS : headerList(record.headers);
  checkBytes(key, "key", MAX_KEY_BYTES);
  if (!certainlyWithin(key, value, headers)) checkRecordBytes({ key, value, headers });
  return { key, value, timestampMs, headers };
}

function encodableValue({ value, text }: RecordToSend): Bytes | string | null {
  if (text !== undefined) {
    if (value !== undefined) throw refuse("invalid_request", "a record has a value or a text, not both");
    if (typeof text !== "string") throw refuse("invalid_request", `a text is a string, not ${typeof text}`);
    return text;
  }
  if (value === null || value === undefined) return null;
  if (value instanceof Uint8Array) return value as Bytes;
  // JSON would make `{}` of them.
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) {
    throw refuse("invalid_request", "bytes are given as a Uint8Array");
  }
  return jsonText(value);
}

function jsonText(value: unknown): string {
  let json: string | undefined;
  try {
    json = JSON.stringify(value);
  } catch (cause) {
    throw new StreamError(`value has no JSON text: ${String(cause)}`, {
      code: "invalid_request",
      retriable: false,
      cause,
    });
  }
  if (json === undefined) throw refuse("invalid_request", `value has no JSON text: it is a ${typeof value}`);
  return json;
}

function headerList(headers: NonNullable<RecordToSend["headers"]>): Headers {
  const list = Object.entries(headers).map(([key, value]) => ({ key, value: value as Bytes | string | null }));
  if (list.length > MAX_HEADERS_PER_RECORD) {
    throw refuse("record_too_large", `${list.length} headers are above ${MAX_HEADERS_PER_RECORD}`);
  }
  for (const { key, value } of list) {
    if (value !== null && typeof value !== "string" && !((value as unknown) instanceof Uint8Array)) {
      throw refuse("invalid_request", `header "${key}" is a string, a Uint8Array or null, not ${typeof value}`);
    }
    checkBytes(key, "name of a header", MAX_HEADER_BYTES);
    checkBytes(value, `header "${key}"`, MAX_HEADER_BYTES);
  }
  return list;
}

/** Without counting bytes: a UTF-16 code unit is at most three. */
function certainlyWithin(key: Bytes | string | null, value: Bytes | string | null, headers: Headers): boolean {
  return headers.length === 0 && 3 * ((key?.length ?? 0) + (value?.length ?? 0)) <= MAX_RECORD_BYTES;
}

function checkRecordBytes({ key, value, headers }: Pick<EncodableRecord, "key" | "value" | "headers">): void {
  let bytes = bytesOf(key) + bytesOf(value);
  for (const header of headers) bytes += bytesOf(header.key) + bytesOf(header.value);
  if (bytes > MAX_RECORD_BYTES)
    throw refuse("record_too_large", `record of ${bytes} bytes is above ${MAX_RECORD_BYTES}`);
}

function checkBytes(field: Bytes | string | null, name: string, limit: number): void {
  if (field === null || 3 * field.length <= limit) return;
  const bytes = bytesOf(field);
  if (bytes > limit) throw refuse("record_too_large", `${name} of ${bytes} bytes is above ${limit}`);
}

function bytesOf(field: Bytes | string | null): number {
  if (field === null) return 0;
  return typeof field === "string" ? encoder.encode(field).length : field.length;
}

function refuse(code: StreamErrorCode, message: string): StreamError {
  return new StreamError(message, { code, retriable: false });
}
