import type { PlanKey } from "../../../schema/plan.ts";
import type { Bytes, ConsumerRecord } from "../../../schema/record.ts";
import { assert } from "../assert.ts";
import { type Payload, SourcePayload, TOMBSTONE } from "./payload.ts";
import { SpanKey } from "./span-key.ts";
import type { StreamRecord } from "./stream-record.ts";

// A record of an internal topic has its key as text, without its window; all else lies in front of its value:
//   tag, form, [start and end of the window, 8 bytes each], [form and length of the value before, the value before], value.

const NULL = 0;
const JSON_TEXT = 1;
const BYTES = 2;
const FORM_MASK = 0x0f;
const WINDOWED = 0x10;
const CHANGE = 0x20;
/** The end of the window does not follow from its start. */
const SPAN = 0x40;
const WINDOW_BYTES = 16;
/** Form and length of the value before. */
const BEFORE_BYTES = 5;
/** The tag is a byte, but as text only so far: UTF-8 writes the next ones in two. */
const MAX_TEXT_TAG = 0x7f;
const MAX_TAG = 0xff;

const encoder = new TextEncoder();

interface Bounds {
  readonly start: number;
  readonly end: number;
  readonly span: boolean;
}

/** What an internal record holds besides key, time and headers. */
export interface InternalValue {
  readonly tag: number;
  readonly window: Bounds | undefined;
  readonly payload: Payload;
  /** The value as bytes of its form; null for a tombstone. */
  readonly value: Bytes | null;
  readonly before: Payload | undefined;
}

/**
 * Text where text will do: the batch writes it as UTF-8 without a copy in between. `changes`: with the value before, where
 * the record has one.
 */
export function internalValue(
  record: StreamRecord,
  { tag, changes }: { tag: number; changes: boolean },
): Bytes | string {
  assert(tag <= MAX_TAG, "a tag is a byte");
  const [form, value] = encoded(record.payload);
  const before = changes ? record.before : undefined;
  if (typeof record.key !== "object" && before === undefined) {
    if (typeof value === "string" && tag <= MAX_TEXT_TAG) return String.fromCharCode(tag, form) + value;
    return join([Uint8Array.of(tag, form), value]);
  }
  const window = record.key === null || typeof record.key === "string" ? undefined : record.key;
  const windowed = window === undefined ? 0 : window instanceof SpanKey ? WINDOWED | SPAN : WINDOWED;
  const flags = form | windowed | (before === undefined ? 0 : CHANGE);
  const parts: Bytes[] = [Uint8Array.of(tag, flags)];
  if (window !== undefined) parts.push(windowBytes(window));
  if (before !== undefined) parts.push(...beforeParts(before));
  return join([...parts, typeof value === "string" ? encoder.encode(value) : value]);
}

export function readInternalValue(record: ConsumerRecord): InternalValue {
  const { value: bytes } = record;
  assert(bytes !== null && bytes.length >= 2, "an internal record has a tag and a form");
  const [tag = 0, flags = 0] = bytes;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 2;
  let window: InternalValue["window"];
  if ((flags & WINDOWED) !== 0) {
    window = { start: view.getFloat64(at), end: view.getFloat64(at + 8), span: (flags & SPAN) !== 0 };
    at += WINDOW_BYTES;
  }
  let before: Payload | undefined;
  if ((flags & CHANGE) !== 0) {
    const length = view.getUint32(at + 1);
    const from = at + BEFORE_BYTES;
    before = payloadOf(view.getUint8(at), bytes.subarray(from, from + length));
    at = from + length;
  }
  const form = flags & FORM_MASK;
  const value = form === NULL ? null : bytes.subarray(at);
  return { tag, window, payload: payloadOf(form, bytes.subarray(at)), value, before };
}

/** The key that a record had before it was placed by its text. */
export function internalKey(text: string | null, window: InternalValue["window"]): PlanKey {
  if (text === null || window === undefined) return text;
  const { start, end, span } = window;
  return span ? new SpanKey(text, start, end) : { key: text, start, end };
}

function payloadOf(form: number, bytes: Bytes): Payload {
  if (form === NULL) return TOMBSTONE;
  return new SourcePayload(bytes, form === BYTES ? "bytes" : "json");
}

function encoded(payload: Payload): readonly [form: number, value: Bytes | string] {
  const value = payload.value();
  if (value === null) return [NULL, ""];
  if (value instanceof Uint8Array) return [BYTES, value as Bytes];
  return [JSON_TEXT, payload.encoded("json", "value") ?? ""];
}

function windowBytes({ start, end }: { readonly start: number; readonly end: number }): Bytes {
  const bytes = new Uint8Array(WINDOW_BYTES);
  const view = new DataView(bytes.buffer);
  view.setFloat64(0, start);
  view.setFloat64(8, end);
  return bytes;
}

function beforeParts(before: Payload): Bytes[] {
  const [form, value] = encoded(before);
  const bytes = typeof value === "string" ? encoder.encode(value) : value;
  const head = new Uint8Array(BEFORE_BYTES);
  const view = new DataView(head.buffer);
  view.setUint8(0, form);
  view.setUint32(1, bytes.length);
  return [head, bytes];
}

function join(parts: readonly (Bytes | string)[]): Bytes {
  const pieces = parts.map((part) => (typeof part === "string" ? encoder.encode(part) : part));
  const joined = new Uint8Array(pieces.reduce((size, piece) => size + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    joined.set(piece, at);
    at += piece.length;
  }
  return joined;
}
