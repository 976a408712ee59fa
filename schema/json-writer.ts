import { base64Length, writeBase64 } from "./base64.ts";
import type { Bytes } from "./record.ts";
import { readUtf8, writeUtf8 } from "./utf8.ts";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const MINUS = 0x2d;
const ZERO = 0x30;
const HEX = "0123456789abcdef";
/** Of `\u001f`. */
const MAX_ESCAPE_BYTES = 6;
/** Of a safe integer with its sign. */
const MAX_INTEGER_BYTES = 17;
const BELOW_SPACE: { readonly [code: number]: string } = { 8: "\\b", 9: "\\t", 10: "\\n", 12: "\\f", 13: "\\r" };

/**
 * Writes JSON as UTF-8 into a buffer that grows: several times faster than building strings and encoding them, because
 * stored bytes are copied. It does not keep brackets and commas: that is the caller's.
 */
export class JsonWriter {
  #buffer: Bytes;
  #at = 0;

  constructor(initialBytes = 1024) {
    this.#buffer = new Uint8Array(initialBytes);
  }

  get bytes(): number {
    return this.#at;
  }

  /** What was written, in a buffer of its own; the writer is empty again. */
  take(): Bytes {
    const text = this.#buffer.slice(0, this.#at);
    this.#at = 0;
    return text;
  }

  /** `take` as a string. */
  takeText(): string {
    const text = readUtf8(this.#buffer, 0, this.#at);
    this.#at = 0;
    return text;
  }

  /** JSON text as it is. */
  text(json: string): void {
    this.#reserve(3 * json.length);
    this.#at = writeUtf8(this.#buffer, this.#at, json);
  }

  /** JSON text as it is, in UTF-8. */
  json(json: Uint8Array): void {
    this.#reserve(json.length);
    this.#buffer.set(json, this.#at);
    this.#at += json.length;
  }

  /** A string of valid UTF-8. */
  string(utf8: Uint8Array): void {
    this.#reserve(utf8.length + 2);
    this.#buffer[this.#at++] = QUOTE;
    for (let index = 0; index < utf8.length; index++) {
      const byte = utf8[index]!;
      if (byte >= 0x20 && byte !== QUOTE && byte !== BACKSLASH) this.#buffer[this.#at++] = byte;
      else this.#escape(byte, utf8.length - index);
    }
    this.#buffer[this.#at++] = QUOTE;
  }

  /** A string of base64. */
  base64(bytes: Uint8Array): void {
    this.#reserve(base64Length(bytes.length) + 2);
    this.#buffer[this.#at++] = QUOTE;
    this.#at = writeBase64(this.#buffer, this.#at, bytes);
    this.#buffer[this.#at++] = QUOTE;
  }

  /** A safe integer. */
  integer(value: number): void {
    this.#reserve(MAX_INTEGER_BYTES);
    if (value < 0) this.#buffer[this.#at++] = MINUS;
    let rest = Math.abs(value);
    let end = this.#at + 1;
    for (let bound = 10; bound <= rest; bound *= 10) end++;
    this.#at = end;
    // The low digits first; division of 32-bit integers is far cheaper than of larger ones.
    for (; rest > 0x7fff_ffff; rest = Math.floor(rest / 10)) this.#buffer[--end] = ZERO + (rest % 10);
    for (let small = rest | 0; ; small = (small / 10) | 0) {
      this.#buffer[--end] = ZERO + (small % 10);
      if (small < 10) return;
    }
  }

  /** `left` counts the bytes of the string from this one on. */
  #escape(byte: number, left: number): void {
    this.#reserve(MAX_ESCAPE_BYTES + left + 1);
    const escape =
      byte >= 0x20
        ? `\\${String.fromCharCode(byte)}`
        : (BELOW_SPACE[byte] ?? `\\u00${HEX[byte >> 4]}${HEX[byte & 15]}`);
    this.#at = writeUtf8(this.#buffer, this.#at, escape);
  }

  #reserve(bytes: number): void {
    const needed = this.#at + bytes;
    if (needed <= this.#buffer.length) return;
    const grown = new Uint8Array(Math.max(needed, 2 * this.#buffer.length));
    grown.set(this.#buffer.subarray(0, this.#at));
    this.#buffer = grown;
  }
}
