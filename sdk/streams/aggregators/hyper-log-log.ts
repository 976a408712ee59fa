import { HASH_BITS, HASH_CHARACTERS } from "./hash48.ts";
import { characterOf, valueAt } from "./sixty-four.ts";

/**
 * A set of hashes (hash48.ts), of which only how many there are will be asked, as text. While they are few it is the hashes
 * themselves in their order; when these would be as long as 2^precision characters, it is that many registers, a character
 * each (Flajolet et al., "HyperLogLog", 2007): a hash belongs to the register that its first `precision` bits number, which
 * holds the most of leading zeros, plus one, that the rest of any of them has.
 *
 * So it is a function of the set: order, repetition and splitting leave no trace.
 */
export type HashSet = string;

export function withHash(set: HashSet, hash: string, precision: number): HashSet {
  if (set.length === 1 << precision) return withRegister(set, hash, precision);
  const at = placeOf(set, hash);
  if (set.startsWith(hash, at)) return set;
  return folded(set.slice(0, at) + hash + set.slice(at), precision);
}

export function union(a: HashSet, b: HashSet, precision: number): HashSet {
  const registers = 1 << precision;
  if (a.length === registers && b.length === registers) {
    let both = "";
    for (let at = 0; at < registers; at++) both += a.charAt(at) > b.charAt(at) ? a.charAt(at) : b.charAt(at);
    return both;
  }
  const [into, from] = a.length === registers ? [a, b] : [b, a];
  return hashesIn(from).reduce((set, hash) => withHash(set, hash, precision), into);
}

/** Of registers with a standard error of 1.04 / sqrt(2^precision) (O. Ertl, "New cardinality estimation algorithms for HyperLogLog sketches", 2017, algorithm 6). */
export function sizeOf(set: HashSet, precision: number): number {
  const registers = 1 << precision;
  if (set.length < registers) return set.length / HASH_CHARACTERS;
  const most = HASH_BITS - precision + 1;
  const counts = new Uint32Array(most + 1);
  for (let at = 0; at < registers; at++) counts[valueAt(set, at)]!++;
  let sum = registers * tau(1 - counts[most]! / registers);
  for (let zeros = most - 1; zeros >= 1; zeros--) sum = (sum + counts[zeros]!) / 2;
  sum += registers * sigma(counts[0]! / registers);
  return Math.round(registers ** 2 / (2 * Math.LN2 * sum));
}

/** Hashes as registers, when they are no longer than these no more. */
function folded(set: HashSet, precision: number): HashSet {
  if (set.length < 1 << precision) return set;
  const empty = characterOf(0).repeat(1 << precision);
  return hashesIn(set).reduce((registers, hash) => withRegister(registers, hash, precision), empty);
}

function withRegister(registers: string, hash: string, precision: number): string {
  const at = bitsOf(hash, 0, precision);
  const rank = leadingZeros(hash, precision) + 1;
  if (rank <= valueAt(registers, at)) return registers;
  return registers.slice(0, at) + characterOf(rank) + registers.slice(at + 1);
}

/** Of the first hash that is not less, in characters. */
function placeOf(set: HashSet, hash: string): number {
  let low = 0;
  let high = set.length / HASH_CHARACTERS;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const from = middle * HASH_CHARACTERS;
    if (set.slice(from, from + HASH_CHARACTERS) < hash) low = middle + 1;
    else high = middle;
  }
  return low * HASH_CHARACTERS;
}

function hashesIn(set: HashSet): string[] {
  const hashes: string[] = [];
  for (let at = 0; at < set.length; at += HASH_CHARACTERS) hashes.push(set.slice(at, at + HASH_CHARACTERS));
  return hashes;
}

function bitsOf(hash: string, from: number, to: number): number {
  let bits = 0;
  for (let bit = from; bit < to; bit++) bits = bits * 2 + bitAt(hash, bit);
  return bits;
}

function leadingZeros(hash: string, from: number): number {
  let bit = from;
  while (bit < HASH_BITS && bitAt(hash, bit) === 0) bit++;
  return bit - from;
}

function bitAt(hash: string, bit: number): number {
  return (valueAt(hash, Math.floor(bit / 6)) >> (5 - (bit % 6))) & 1;
}

/** x + Σ x^(2^k) 2^(k-1): what registers that saw nothing say. Infinite for 1, where the estimate is 0. */
function sigma(share: number): number {
  if (share === 1) return Infinity;
  let power = share;
  let weight = 1;
  let sum = share;
  for (let before = -1; sum !== before; weight *= 2) {
    before = sum;
    power *= power;
    sum += power * weight;
  }
  return sum;
}

/** (1 - x - Σ (1 - x^(2^-k))² 2^-k) / 3: what full registers say. */
function tau(share: number): number {
  if (share === 0 || share === 1) return 0;
  let root = share;
  let weight = 1;
  let sum = 1 - share;
  for (let before = -1; sum !== before;) {
    before = sum;
    root = Math.sqrt(root);
    weight /= 2;
    sum -= (1 - root) ** 2 * weight;
  }
  return sum / 3;
}
