import { murmur3 } from "./murmur3.ts";
import { characterOf } from "./sixty-four.ts";

export const HASH_BITS = 48;
/** 6 bits each, the highest first. */
export const HASH_CHARACTERS = HASH_BITS / 6;

const encoder = new TextEncoder();

/** 48 bits of a text as characters: enough to tell millions apart, and to estimate billions. */
export function hash48(text: string): string {
  const bytes = encoder.encode(text);
  // Seeds of no meaning; another one gives another hash of every text ever counted.
  const high = murmur3(bytes, 0);
  const low = murmur3(bytes, 0x9747b28c) >>> 16;
  return (
    characterOf(high >>> 26) +
    characterOf((high >>> 20) & 63) +
    characterOf((high >>> 14) & 63) +
    characterOf((high >>> 8) & 63) +
    characterOf((high >>> 2) & 63) +
    characterOf(((high & 3) << 4) | (low >>> 12)) +
    characterOf((low >>> 6) & 63) +
    characterOf(low & 63)
  );
}
