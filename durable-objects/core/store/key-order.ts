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

const LONE_SURROGATE = /\p{Surrogate}/u;

/** Has UTF-8 bytes: no lone surrogate. */
export function wellFormed(text: string): boolean {
  return !LONE_SURROGATE.test(text);
}
