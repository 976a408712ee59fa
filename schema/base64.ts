// Base64 with the standard alphabet and padding (RFC 4648 section 4). `btoa` works on strings of bytes and
// `Uint8Array.fromBase64` is not everywhere yet.

import type { Bytes } from "./record.ts";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const PAD = 0x3d;

const digits = Uint8Array.from(ALPHABET, (digit) => digit.charCodeAt(0));
/** 64, more than any digit's, for what is none. */
const values = new Uint8Array(256).fill(64);
for (const [value, digit] of digits.entries()) values[digit] = value;

/** Characters of the base64 of that many bytes. */
export function base64Length(bytes: number): number {
  return 4 * Math.ceil(bytes / 3);
}

/** Writes base64 as ASCII and answers where it ends. The caller has made room for `base64Length`. */
export function writeBase64(target: Uint8Array, at: number, bytes: Uint8Array): number {
  const whole = bytes.length - (bytes.length % 3);
  for (let from = 0; from < bytes.length; from += 3, at += 4) {
    const second = from < whole ? bytes[from + 1]! : (bytes[from + 1] ?? 0);
    const third = from < whole ? bytes[from + 2]! : 0;
    const group = (bytes[from]! << 16) | (second << 8) | third;
    target[at] = digits[group >> 18]!;
    target[at + 1] = digits[(group >> 12) & 63]!;
    target[at + 2] = digits[(group >> 6) & 63]!;
    target[at + 3] = digits[group & 63]!;
  }
  const padding = whole === bytes.length ? 0 : 3 - (bytes.length - whole);
  target.fill(PAD, at - padding, at);
  return at;
}

/** Undefined for anything but canonical base64, as ASCII: no whitespace, whole padding, unused bits zero (JSN-7). */
export function decodeBase64Text(text: Uint8Array): Bytes | undefined {
  const { length } = text;
  if (length % 4 !== 0) return undefined;
  if (length === 0) return new Uint8Array(0);
  const padding = text[length - 1] !== PAD ? 0 : text[length - 2] !== PAD ? 1 : 2;
  const bytes = new Uint8Array((length / 4) * 3 - padding);
  let written = 0;
  for (let at = 0; at < length; at += 4) {
    const last = at + 4 === length;
    const third = last && padding === 2 ? 0 : values[text[at + 2]!]!;
    const fourth = last && padding > 0 ? 0 : values[text[at + 3]!]!;
    const first = values[text[at]!]!;
    const second = values[text[at + 1]!]!;
    if ((first | second | third | fourth) > 63) return undefined;
    const group = (first << 18) | (second << 12) | (third << 6) | fourth;
    // Writes past the end of a typed array, those of the padding, are ignored.
    bytes[written++] = group >> 16;
    bytes[written++] = (group >> 8) & 0xff;
    bytes[written++] = group & 0xff;
    if (last && (group & ((1 << (8 * padding)) - 1)) !== 0) return undefined;
  }
  return bytes;
}
