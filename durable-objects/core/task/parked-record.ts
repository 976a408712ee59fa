import { decodeBase64Text, base64Length, writeBase64 } from "../../../schema/base64.ts";
import type { Bytes, ConsumerRecord } from "../../../schema/record.ts";
import { assert } from "../assert.ts";

interface StoredRecord {
  readonly offset: number;
  readonly timestampMs: number;
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: readonly (readonly [name: string, value: string | null])[];
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A record as JSON text, its bytes in base64. */
export function recordText({ offset, timestampMs, key, value, headers }: ConsumerRecord): string {
  const stored: StoredRecord = {
    offset,
    timestampMs,
    key: textOf(key),
    value: textOf(value),
    headers: headers.map((header) => [header.key, textOf(header.value)]),
  };
  return JSON.stringify(stored);
}

export function recordOfText(text: string): ConsumerRecord {
  const { offset, timestampMs, key, value, headers } = JSON.parse(text) as StoredRecord;
  return {
    offset,
    timestampMs,
    key: bytesOf(key),
    value: bytesOf(value),
    headers: headers.map(([name, bytes]) => ({ key: name, value: bytesOf(bytes) })),
  };
}

function textOf(bytes: Bytes | null): string | null {
  if (bytes === null) return null;
  const text = new Uint8Array(base64Length(bytes.length));
  writeBase64(text, 0, bytes);
  return decoder.decode(text);
}

function bytesOf(text: string | null): Bytes | null {
  if (text === null) return null;
  const bytes = decodeBase64Text(encoder.encode(text));
  assert(bytes !== undefined, "a record kept as text was written by us");
  return bytes;
}
