import type { Bytes } from "../../../schema/record.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Most keys are short ASCII, for which a call into the platform's codec costs more than the loop (schema/utf8.ts). */
const SHORT = 24;

/** Text of a key's bytes, which this and `utf8` turn into each other without loss. */
export function keyText(bytes: Bytes): string {
  if (bytes.length <= SHORT) {
    let text = "";
    let at = 0;
    for (; at < bytes.length; at++) {
      const byte = bytes[at] as number;
      if (byte >= 0x80) break;
      text += String.fromCharCode(byte);
    }
    if (at === bytes.length) return text;
  }
  try {
    return decoder.decode(bytes);
  } catch {
    throw new TypeError("the key is not UTF-8");
  }
}

/** Bytes of a well-formed text. */
export function utf8(text: string): Bytes {
  if (text.length > SHORT) return encoder.encode(text);
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit >= 0x80) return encoder.encode(text);
    bytes[at] = unit;
  }
  return bytes;
}
