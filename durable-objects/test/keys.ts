/** Keys that tell apart the orders one might confuse with UTF-8 bytes: UTF-16 units, locale, length first. */
export const KEYS = ["", "a", "ab", "b", "B", "é", "\uffff", "😀", "a\u0000", "a\u0000b", "\u{10ffff}"];

const encoder = new TextEncoder();

/** By the bytes themselves, not by the core's own comparison. */
export function compareBytes(a: string, b: string): number {
  const [left, right] = [encoder.encode(a), encoder.encode(b)];
  const at = left.findIndex((byte, index) => byte !== right[index]);
  return at < 0 ? left.length - right.length : (left[at] ?? 0) - (right[at] ?? -1);
}
