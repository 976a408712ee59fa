import type { Bytes } from "./record.ts";
import { hexDigits } from "./json-text.ts";

const BACKSLASH = 0x5c;
/** What stands for itself after a backslash is not listed. */
const ESCAPES = new Map([
  [0x62, 0x08],
  [0x66, 0x0c],
  [0x6e, 0x0a],
  [0x72, 0x0d],
  [0x74, 0x09],
]);

/**
 * The UTF-8 that a JSON string writes; `raw` is what stands between its quotes, accepted by `skipString`. Undefined when it
 * holds a lone surrogate, which UTF-8 has not (JSN-6). Without escapes it is `raw` itself.
 */
export function unescapeJson(raw: Bytes): Bytes | undefined {
  const first = raw.indexOf(BACKSLASH);
  if (first < 0) return raw;
  // No escape is shorter than what it stands for.
  const text = new Uint8Array(raw.length);
  text.set(raw.subarray(0, first));
  let written = first;
  for (let at = first; at < raw.length;) {
    const byte = raw[at]!;
    if (byte !== BACKSLASH) {
      text[written++] = byte;
      at++;
    } else if (raw[at + 1] === 0x75) {
      const character = characterAt(raw, at);
      if (character < 0) return undefined;
      written = writeCharacter(text, written, character);
      at += character > 0xffff ? 12 : 6;
    } else {
      const escaped = raw[at + 1]!;
      text[written++] = ESCAPES.get(escaped) ?? escaped;
      at += 2;
    }
  }
  return text.slice(0, written);
}

/** The character of the `\u` escape, or pair of them, at `at`; -1 for half a pair. */
function characterAt(raw: Uint8Array, at: number): number {
  const unit = hexDigits(raw, at + 2);
  if (unit < 0xd800 || unit > 0xdfff) return unit;
  if (unit > 0xdbff || raw[at + 6] !== BACKSLASH || raw[at + 7] !== 0x75) return -1;
  const low = hexDigits(raw, at + 8);
  return low < 0xdc00 || low > 0xdfff ? -1 : 0x1_0000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
}

function writeCharacter(text: Uint8Array, at: number, character: number): number {
  if (character < 0x80) {
    text[at++] = character;
    return at;
  }
  const length = character < 0x800 ? 2 : character < 0x1_0000 ? 3 : 4;
  const mark = length === 2 ? 0xc0 : length === 3 ? 0xe0 : 0xf0;
  for (let index = length - 1; index > 0; index--) {
    text[at + index] = 0x80 | (character & 0x3f);
    character >>= 6;
  }
  text[at] = mark | character;
  return at + length;
}
