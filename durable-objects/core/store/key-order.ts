/**
 * Order of keys: that of their UTF-8 bytes, which is code point order. JavaScript's `<` compares UTF-16 units and puts
 * U+1F600 (a surrogate pair) before U+FFFD.
 */
export function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const left = a.charCodeAt(index);
    const right = b.charCodeAt(index);
    if (left !== right) return rank(left) - rank(right);
  }
  return a.length - b.length;
}

/** Surrogates stand for code points above U+FFFF, so they rank above every other unit. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}

const LAST_CODE_POINT = 0x10ffff;

/** The range that holds the well-formed keys that begin so, and no other: `a` is `["a", "b")`. */
export function keysWithPrefix(prefix: string): { readonly from: string; readonly to: string | undefined } {
  const points = Array.from(prefix, (character) => character.codePointAt(0) ?? 0);
  while (points.at(-1) === LAST_CODE_POINT) points.pop();
  const last = points.pop();
  if (last === undefined) return { from: prefix, to: undefined };
  // Between U+D7FF and U+E000 lie the surrogates, which are no characters.
  const next = last === 0xd7ff ? 0xe000 : last + 1;
  return { from: prefix, to: String.fromCodePoint(...points, next) };
}

const LONE_SURROGATE = /\p{Surrogate}/u;

/** Has UTF-8 bytes: no lone surrogate. */
export function wellFormed(text: string): boolean {
  return !LONE_SURROGATE.test(text);
}
