import { UNLIMITED_WINDOW_END_MS } from "../schema/limits.ts";
import type { PlanKey, ValueFormat } from "../schema/plan.ts";
import type { SlidingWindows, TimeWindows, UnlimitedWindows, Windows } from "../schema/windows.ts";
import type { Bytes, ConsumerRecord, Header } from "../schema/record.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function bytesOf(value: unknown, format: ValueFormat): Bytes | null {
  if (value === null) return null;
  if (value instanceof Uint8Array) return Uint8Array.from(value);
  if (format === "json") {
    const text = JSON.stringify(value) as string | undefined;
    if (text !== undefined) return encoder.encode(text);
  } else if (typeof value === "string") return encoder.encode(value);
  throw new Error(
    `A value of type ${typeof value} is not ${format}. Give ${format === "json" ? "JSON" : "text or bytes"}.`,
  );
}

export function keyBytesOf(key: string | Uint8Array | null): Bytes | null {
  return bytesOf(key, "text");
}

export function headersOf(headers: { readonly [name: string]: string }): Header[] {
  return Object.entries(headers).map(([key, text]) => ({ key, value: encoder.encode(text) }));
}

export function valueOf(bytes: Bytes | null, format: ValueFormat): unknown {
  if (bytes === null || format === "bytes") return bytes;
  const text = decoder.decode(bytes);
  return format === "text" ? text : (JSON.parse(text) as unknown);
}

/** The value in the closest form it has: JSON, text, bytes. */
export function closestValueOf(bytes: Bytes | null, format: ValueFormat): unknown {
  const formats: readonly ValueFormat[] = format === "json" ? ["json", "text"] : [format];
  for (const attempt of formats) {
    try {
      return valueOf(bytes, attempt);
    } catch {
      // Not in this form; the next is looser.
    }
  }
  return bytes;
}

/** Windowed keys as Kafka's serializers write them: what the windows need is read back. */
export function keyOf(bytes: Bytes | null, windows: Windows | undefined): PlanKey {
  if (bytes === null) return null;
  if (windows === undefined) return decoder.decode(bytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const startAt = bytes.length - 8;
  const start = Number(view.getBigInt64(startAt));
  if (windows.kind !== "cumulative" && windows.kind !== "session") {
    return { key: decoder.decode(bytes.subarray(0, startAt)), start, end: endOf(start, windows) };
  }
  const endAt = startAt - 8;
  return { key: decoder.decode(bytes.subarray(0, endAt)), start, end: Number(view.getBigInt64(endAt)) };
}

function endOf(start: number, windows: TimeWindows | UnlimitedWindows | SlidingWindows): number {
  switch (windows.kind) {
    case "time":
      return start + windows.sizeMs;
    case "sliding":
      return start + windows.differenceMs;
    case "unlimited":
      return UNLIMITED_WINDOW_END_MS;
  }
}

export function headerTexts({ headers }: ConsumerRecord): { readonly [name: string]: string } {
  return Object.fromEntries(headers.map(({ key, value }) => [key, value === null ? "" : decoder.decode(value)]));
}
