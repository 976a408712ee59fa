import { refuse, type Answer, type Refusal } from "../schema/error.ts";

/** Where a scan over all partitions goes on: in which of them, and after what inside it. */
export interface ScanPosition {
  readonly partition: number;
  readonly inner?: string | undefined;
}

/** Opaque to clients: base64url of JSON in UTF-8, because keys are any text. It belongs to one store, or to one key of it. */
export function writeCursor(store: string, { partition, inner }: ScanPosition): string {
  const parts = [store, partition, ...(inner === undefined ? [] : [inner])];
  const bytes = new TextEncoder().encode(JSON.stringify(parts));
  const text = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  return text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function isIndex(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0;
}

export function foreignCursor(): Refusal {
  return refuse("invalid_request", "the cursor is not one that this store gave for this request", { field: "cursor" });
}

export function readCursor(store: string, cursor: string): Answer<ScanPosition> {
  const refusal = foreignCursor();
  try {
    const binary = atob(cursor.replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
    if (!Array.isArray(value)) return refusal;
    const [of, partition, inner] = value as unknown[];
    if (of !== store || !isIndex(partition)) return refusal;
    if (inner !== undefined && typeof inner !== "string") return refusal;
    return { ok: true, partition, inner };
  } catch {
    return refusal;
  }
}
