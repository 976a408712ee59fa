// UTF-8 (RFC 3629) in place.

/** ASCII of at most this many characters is written faster by a loop than by TextEncoder (measured, Node 24). */
const SHORT = 24;

const encoder = new TextEncoder();
// A byte order mark is a character like any other: dropping it would change what was stored.
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Writes `text` and answers where it ends. The caller has made room for 3 bytes a UTF-16 unit. Lone surrogates become U+FFFD. */
export function writeUtf8(bytes: Uint8Array, at: number, text: string): number {
  if (text.length <= SHORT) {
    let index = 0;
    for (; index < text.length; index++) {
      const unit = text.charCodeAt(index);
      if (unit >= 0x80) break;
      bytes[at + index] = unit;
    }
    if (index === text.length) return at + index;
  }
  return at + encoder.encodeInto(text, bytes.subarray(at)).written;
}

/** The text of bytes that are valid UTF-8; in others each malformed sequence becomes U+FFFD. */
export function readUtf8(bytes: Uint8Array, from = 0, to: number = bytes.length): string {
  return decoder.decode(from === 0 && to === bytes.length ? bytes : bytes.subarray(from, to));
}

export function isUtf8(bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length;) {
    at = bytes[at]! < 0x80 ? at + 1 : utf8SequenceEnd(bytes, at);
    if (at < 0) return false;
  }
  return true;
}

/** End of the well-formed sequence of 2–4 bytes at `at`, -1 when there is none (RFC 3629 section 4). */
export function utf8SequenceEnd(bytes: Uint8Array, at: number): number {
  const lead = bytes[at]!;
  if (lead < 0xc2 || lead > 0xf4) return -1;
  const length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  if (at + length > bytes.length) return -1;
  const second = bytes[at + 1]!;
  // Over-long forms, surrogates and characters beyond U+10FFFF show in the second byte.
  const least = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
  const greatest = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
  if (second < least || second > greatest) return -1;
  for (let next = at + 2; next < at + length; next++) if ((bytes[next]! & 0xc0) !== 0x80) return -1;
  return at + length;
}
