import { MAX_KEY_BYTES } from "../../../schema/limits.ts";
import type { PlanKey } from "../../../schema/plan.ts";
import type { Windowed } from "../../../schema/windows.ts";
import type { Bytes } from "../../../schema/record.ts";
import { wellFormed } from "../store/key-order.ts";
import { SpanKey } from "./span-key.ts";

const encoder = new TextEncoder();

const TIME_BYTES = 8;
const SPAN_BYTES = 2 * TIME_BYTES;

/** A key that user code returned. `node` names it in errors. */
export function checkKey(key: unknown, node: string): PlanKey {
  if (key === null) return null;
  if (typeof key === "string") return checkText(key, node);
  if (windowed(key)) {
    checkText(key.key, node);
    return key;
  }
  throw new TypeError(`${node} returned a key of type ${typeof key}; a key is text or null`);
}

/** The key under which a store holds a record: text. */
export function storeKey(key: Exclude<PlanKey, null>, node: string): string {
  if (typeof key === "string") return key;
  throw new TypeError(`the key at ${node} is windowed; give it a text key with selectKey first`);
}

/**
 * A windowed key as a topic holds it: the key, then the start of the window as 8 bytes, big-endian (Kafka's
 * TimeWindowedSerializer); where the end does not follow from the start, the key, the end and the start (its
 * SessionWindowedSerializer). `key` is the text as bytes.
 */
export function windowedBytes(key: Bytes, window: Windowed): Bytes {
  const span = window instanceof SpanKey;
  const bytes = new Uint8Array(key.length + (span ? SPAN_BYTES : TIME_BYTES));
  bytes.set(key);
  writeTime(bytes, key.length, span ? window.end : window.start);
  if (span) writeTime(bytes, key.length + TIME_BYTES, window.start);
  return bytes;
}

function writeTime(bytes: Bytes, from: number, timeMs: number): void {
  // By halves: a DataView and a BigInt for each record were a tenth of the time of a windowed aggregate with a sink.
  const high = Math.floor(timeMs / 2 ** 32);
  const low = timeMs - high * 2 ** 32;
  for (let at = 0; at < 4; at++) {
    const shift = 24 - 8 * at;
    bytes[from + at] = high >> shift;
    bytes[from + 4 + at] = low >>> shift;
  }
}

function checkText(key: string, node: string): string {
  if (!wellFormed(key)) throw new TypeError(`${node} returned a key with a lone surrogate, which UTF-8 cannot hold`);
  if (key.length * 3 > MAX_KEY_BYTES && encoder.encode(key).length > MAX_KEY_BYTES) {
    throw new RangeError(`${node} returned a key above ${MAX_KEY_BYTES} bytes`);
  }
  return key;
}

function windowed(key: unknown): key is Windowed {
  if (typeof key !== "object" || key === null) return false;
  const { key: text, start, end } = key as Partial<Windowed>;
  return typeof text === "string" && Number.isSafeInteger(start) && Number.isSafeInteger(end);
}
