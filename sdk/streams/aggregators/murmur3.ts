const FIRST = 0xcc9e2d51;
const SECOND = 0x1b873593;

/** MurmurHash3 of bytes, 32 bits (Austin Appleby's MurmurHash3_x86_32), from 0 to 2^32 - 1. */
export function murmur3(bytes: Uint8Array, seed: number): number {
  const { length } = bytes;
  let hash = seed;
  let at = 0;
  for (; at + 4 <= length; at += 4) {
    const word = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    hash ^= mixed(word);
    hash = Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64;
  }
  let tail = 0;
  for (let byte = length - 1; byte >= at; byte--) tail = (tail << 8) | bytes[byte]!;
  hash ^= mixed(tail) ^ length;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** 0 for 0, so that bytes that are not there change nothing. */
function mixed(word: number): number {
  const first = Math.imul(word, FIRST);
  return Math.imul((first << 15) | (first >>> 17), SECOND);
}
