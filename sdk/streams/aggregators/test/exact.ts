// Doubles as whole numbers of 2^-1074, the least of them: what exact sums are checked against.

/** The power of two of such a unit; a product of two has twice as much. */
export const UNIT = -1074;

export function unitsOf(value: number): bigint {
  const [bits = 0n] = new BigUint64Array(Float64Array.of(value).buffer);
  const exponent = (bits >> 52n) & 0x7ffn;
  const fraction = bits & 0xf_ffff_ffff_ffffn;
  const size = exponent === 0n ? fraction : (fraction | (1n << 52n)) << (exponent - 1n);
  return bits >> 63n === 1n ? -size : size;
}

/** The double nearest to `units * 2^power`, ties to even. */
export function nearest(units: bigint, power: number): number {
  const size = units < 0n ? -units : units;
  const shift = Math.max(0, size.toString(2).length - 60);
  const dropped = size & ((1n << BigInt(shift)) - 1n);
  // A last bit that stands for all that was dropped, so that rounding sees it.
  const head = (size >> BigInt(shift)) | (dropped === 0n ? 0n : 1n);
  const scaled = times(Number(head), shift + power);
  return units < 0n ? -scaled : scaled;
}

/** Times a power of two, in steps that stay in range. */
function times(value: number, power: number): number {
  let result = value;
  for (let left = power; left !== 0;) {
    const step = Math.max(-1000, Math.min(1000, left));
    result *= 2 ** step;
    left -= step;
  }
  return result;
}
