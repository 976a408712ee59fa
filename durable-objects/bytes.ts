import type { Bytes } from "../schema/record.ts";

/** One buffer of its own: a view sent over RPC carries its whole parent buffer (measured). */
export function joinBytes(parts: readonly Bytes[]): Bytes {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined && only.byteLength === only.buffer.byteLength) return only;
  const joined = new Uint8Array(parts.reduce((size, part) => size + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.byteLength;
  }
  return joined;
}

/**
 * Gives the memory of bytes that nobody reads any more back at once; they, and all views of their buffer, are empty from
 * then on. V8 does not count what a buffer holds when it decides whether to collect garbage: dead bodies of 1 MB each would
 * lie by the dozen in an isolate that has 128 MB. Part of a buffer stays as it is: the rest may be somebody else's (LOG-14).
 */
export function release({ buffer, byteLength }: Bytes): void {
  if (byteLength === buffer.byteLength) buffer.transfer(0);
}
