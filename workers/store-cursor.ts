import { refuse, type Answer, type Refusal } from "../schema/error.ts";
import type { StorePlace } from "../schema/rpc/store.ts";

/** Where a page goes on: behind the row at this place, and in partitions up to this one also behind rows at the same place. */
export interface ScanPosition {
  readonly partition: number;
  readonly place: StorePlace;
}

/** Opaque to clients: base64url of JSON in UTF-8, because keys are any text. It belongs to one store, or to one key of it. */
export function writeCursor(store: string, { partition, place: { key, at, seq } }: ScanPosition): string {
  return encodeCursor([store, partition, key, at, seq]);
}

export function encodeCursor(parts: readonly unknown[]): string {
  const bytes = new TextEncoder().encode(JSON.stringify(parts));
  const text = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  return text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** Undefined for what is none. */
export function decodeCursor(cursor: string): readonly unknown[] | undefined {
  try {
    const binary = atob(cursor.replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
    return Array.isArray(value) ? (value as unknown[]) : undefined;
  } catch {
    return undefined;
  }
}

export function isIndex(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

export function foreignCursor(): Refusal {
  return refuse("invalid_request", "the cursor is not one that this store gave for this request", { field: "cursor" });
}

/** A cursor comes back from a client, who may have changed it. */
export function readCursor(store: string, cursor: string): Answer<ScanPosition> {
  const [of, partition, key, at, seq] = decodeCursor(cursor) ?? [];
  if (of !== store || !isIndex(partition) || typeof key !== "string") return foreignCursor();
  if (!Number.isSafeInteger(at) || !Number.isSafeInteger(seq)) return foreignCursor();
  return { ok: true, partition, place: { key, at: at as number, seq: seq as number } };
}
