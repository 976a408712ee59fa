// RFC 8259 over UTF-8 bytes: where a JSON text ends and whether it is one, without building it.

import { MAX_JSON_DEPTH } from "./limits.ts";
import { utf8SequenceEnd } from "./utf8.ts";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

const RUE = Uint8Array.of(0x72, 0x75, 0x65);
const ALSE = Uint8Array.of(0x61, 0x6c, 0x73, 0x65);
const ULL = Uint8Array.of(0x75, 0x6c, 0x6c);

/**
 * End of the JSON value that begins at `at`, without whitespace before it; -1 when there is none, when it holds malformed
 * UTF-8, or when it is nested deeper than MAX_JSON_DEPTH (JSN-2). What follows the value is not looked at.
 */
export function skipJson(bytes: Uint8Array, at: number): number {
  return skipValue(bytes, at, 0);
}

/** One whole JSON text, whitespace around it allowed. A byte order mark is not whitespace (JSN-1). */
export function isJson(bytes: Uint8Array): boolean {
  const end = skipJson(bytes, skipSpace(bytes, 0));
  return end >= 0 && skipSpace(bytes, end) === bytes.length;
}

/** Past space, tab, line feed and carriage return. */
export function skipSpace(bytes: Uint8Array, at: number): number {
  while (at < bytes.length) {
    const byte = bytes[at]!;
    if (byte > 0x20 || (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09)) break;
    at++;
  }
  return at;
}

/** Bytes that are a character of a string by themselves: 1. A look into a table is the quickest test of four bounds. */
const PLAIN = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= 0x20 && byte < 0x80 && byte !== QUOTE && byte !== BACKSLASH ? 1 : 0,
);

/** End of the string whose first character, after the quote, is at `at`; -1 when it is none. */
export function skipString(bytes: Uint8Array, at: number): number {
  const end = bytes.length;
  while (at >= 0) {
    while (at < end && PLAIN[bytes[at]!] === 1) at++;
    if (at >= end) return -1;
    const byte = bytes[at]!;
    if (byte === QUOTE) return at + 1;
    if (byte === BACKSLASH) at = skipEscape(bytes, at + 1);
    else at = byte < 0x20 ? -1 : utf8SequenceEnd(bytes, at);
  }
  return -1;
}

/** `depth` counts the objects and arrays around the value: recursion ends at MAX_JSON_DEPTH, long before the stack does. */
function skipValue(bytes: Uint8Array, at: number, depth: number): number {
  if (at < 0 || at >= bytes.length) return -1;
  switch (bytes[at]!) {
    case QUOTE:
      return skipString(bytes, at + 1);
    case OPEN_OBJECT:
      return depth < MAX_JSON_DEPTH ? skipObject(bytes, at + 1, depth + 1) : -1;
    case OPEN_ARRAY:
      return depth < MAX_JSON_DEPTH ? skipArray(bytes, at + 1, depth + 1) : -1;
    case 0x74: // t
      return skipWord(bytes, at + 1, RUE);
    case 0x66: // f
      return skipWord(bytes, at + 1, ALSE);
    case 0x6e: // n
      return skipWord(bytes, at + 1, ULL);
    default:
      return skipNumber(bytes, at);
  }
}

function skipObject(bytes: Uint8Array, at: number, depth: number): number {
  at = skipSpace(bytes, at);
  if (bytes[at] === CLOSE_OBJECT) return at + 1;
  while (bytes[at] === QUOTE) {
    at = skipString(bytes, at + 1);
    if (at < 0) return -1;
    at = skipSpace(bytes, at);
    if (bytes[at] !== COLON) return -1;
    at = skipValue(bytes, skipSpace(bytes, at + 1), depth);
    if (at < 0) return -1;
    at = skipSpace(bytes, at);
    if (bytes[at] === CLOSE_OBJECT) return at + 1;
    if (bytes[at] !== COMMA) return -1;
    at = skipSpace(bytes, at + 1);
  }
  return -1;
}

function skipArray(bytes: Uint8Array, at: number, depth: number): number {
  at = skipSpace(bytes, at);
  if (bytes[at] === CLOSE_ARRAY) return at + 1;
  for (;;) {
    at = skipValue(bytes, at, depth);
    if (at < 0) return -1;
    at = skipSpace(bytes, at);
    if (bytes[at] === CLOSE_ARRAY) return at + 1;
    if (bytes[at] !== COMMA) return -1;
    at = skipSpace(bytes, at + 1);
  }
}

function skipWord(bytes: Uint8Array, at: number, word: Uint8Array): number {
  for (let index = 0; index < word.length; index++) if (bytes[at + index] !== word[index]) return -1;
  return at + word.length;
}

/** `-? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?` */
function skipNumber(bytes: Uint8Array, at: number): number {
  if (bytes[at] === MINUS) at++;
  const whole = skipDigits(bytes, at);
  if (whole === at || (bytes[at] === ZERO && whole > at + 1)) return -1;
  at = whole;
  if (bytes[at] === DOT) {
    const fraction = skipDigits(bytes, at + 1);
    if (fraction === at + 1) return -1;
    at = fraction;
  }
  if (at < bytes.length && (bytes[at]! | 0x20) === 0x65) {
    const sign = bytes[at + 1];
    const digits = sign === MINUS || sign === 0x2b ? at + 2 : at + 1;
    at = skipDigits(bytes, digits);
    if (at === digits) return -1;
  }
  return at;
}

function skipDigits(bytes: Uint8Array, at: number): number {
  while (at < bytes.length && bytes[at]! >= ZERO && bytes[at]! <= NINE) at++;
  return at;
}

/** `at` is after the backslash: one of `"\/bfnrt`, or u and four hexadecimal digits. */
function skipEscape(bytes: Uint8Array, at: number): number {
  switch (bytes[at]!) {
    case QUOTE:
    case BACKSLASH:
    case 0x2f:
    case 0x62:
    case 0x66:
    case 0x6e:
    case 0x72:
    case 0x74:
      return at + 1;
    case 0x75:
      return hexDigits(bytes, at + 1) < 0 ? -1 : at + 5;
    default:
      return -1;
  }
}

/** The number that the four hexadecimal digits at `at` write, -1 when they are not. */
export function hexDigits(bytes: Uint8Array, at: number): number {
  if (at + 4 > bytes.length) return -1;
  let unit = 0;
  for (let index = at; index < at + 4; index++) {
    const byte = bytes[index]!;
    const letter = byte | 0x20;
    if (byte >= ZERO && byte <= NINE) unit = (unit << 4) | (byte - ZERO);
    else if (letter >= 0x61 && letter <= 0x66) unit = (unit << 4) | (letter - 0x57);
    else return -1;
  }
  return unit;
}
