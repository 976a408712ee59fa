import { MAX_BATCH_BYTES } from "../../../schema/limits.ts";
import type { PlanKey } from "../../../schema/plan.ts";
import type { Header } from "../../../schema/record.ts";
import { assert } from "../assert.ts";
import { SpanKey } from "./span-key.ts";

const encoder = new TextEncoder();

/** What a row in a buffer counts for besides its texts, roughly: its places in memory and on disk. */
const ROW_BYTES = 100;

/** A change that waits, as JSON texts; `undefined` says that there is no row. */
export interface BufferedRow {
  readonly text: string | undefined;
  /** What readers behind the buffer have last seen. */
  readonly before: string | undefined;
  /** Of the record that made the change. */
  readonly timestampMs: number;
  readonly offset: number;
  readonly headers: readonly Header[];
}

type Head = readonly [
  timestampMs: number,
  offset: number,
  headers: readonly HeaderText[],
  before: number,
  text: number,
];
type HeaderText = readonly [key: string, value: string | null];

/** No JSON text is so long. */
const NONE = -1;

/** A line that says what follows, then both texts as they are. */
export function rowText({ text, before, timestampMs, offset, headers }: BufferedRow): string {
  const head: Head = [timestampMs, offset, headers.map(headerText), before?.length ?? NONE, text?.length ?? NONE];
  return bounded(`${JSON.stringify(head)}\n${before ?? ""}${text ?? ""}`);
}

export function readRow(stored: string): BufferedRow {
  const line = stored.indexOf("\n");
  assert(line > 0, "a buffered row has a head");
  const [timestampMs, offset, headers, before, text] = JSON.parse(stored.slice(0, line)) as Head;
  const from = line + 1;
  const to = from + Math.max(0, before);
  return {
    text: text === NONE ? undefined : stored.slice(to),
    before: before === NONE ? undefined : stored.slice(from, to),
    timestampMs,
    offset,
    headers: headers.map(([key, value]) => ({ key, value: value === null ? null : bytesOf(value) })),
  };
}

/** What a row with its key counts for. */
export function rowBytes(key: string, row: string): number {
  return ROW_BYTES + encoder.encode(key).length + encoder.encode(row).length;
}

/** A key as text that is in the order of keys, then of windows, and tells both. */
export function bufferKey(key: Exclude<PlanKey, null>): string {
  if (typeof key === "string") return `t${key}`;
  return `${key instanceof SpanKey ? "s" : "w"}${key.key}\0${key.start}/${key.end}`;
}

export function readBufferKey(text: string): Exclude<PlanKey, null> {
  const kind = text.charAt(0);
  if (kind === "t") return text.slice(1);
  const end = text.lastIndexOf("\0");
  const key = text.slice(1, end);
  const [from = 0, to = 0] = text
    .slice(end + 1)
    .split("/")
    .map(Number);
  return kind === "s" ? new SpanKey(key, from, to) : { key, start: from, end: to };
}

/** Above a row of the store it is an error of the record. */
function bounded(row: string): string {
  // A UTF-16 unit is at most three bytes.
  if (row.length * 3 <= MAX_BATCH_BYTES) return row;
  const bytes = encoder.encode(row).length;
  if (bytes <= MAX_BATCH_BYTES) return row;
  throw new RangeError(`a row to be held back is ${bytes} bytes, the limit is ${MAX_BATCH_BYTES}`);
}

function headerText({ key, value }: Header): HeaderText {
  return [key, value === null ? null : String.fromCharCode(...value)];
}

function bytesOf(text: string): NonNullable<Header["value"]> {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
