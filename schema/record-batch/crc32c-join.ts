// A CRC is the remainder of a polynomial over GF(2), so that of joined bytes follows from those of the parts:
// crc(A B) = crc(A) · x^(8·|B|) + crc(B). Bits are reflected as in crc32c.ts: bit 31 is the coefficient of x^0.

const POLYNOMIAL = 0x82f63b78;
const ONE = 0x8000_0000;
const X = 0x4000_0000;

/** `powers[k]` is x^(2^k). */
const powers = squares(48);

/** Of bytes that begin with other ones than before: the CRC as it was, those of both beginnings, and how many bytes follow. */
export function crcWithOtherBeginning(
  crc: number,
  { before, after, followingBytes }: { before: number; after: number; followingBytes: number },
): number {
  return (crc ^ product(before ^ after, powerOfX(8 * followingBytes))) >>> 0;
}

/** x^n modulo the polynomial. */
function powerOfX(n: number): number {
  let power = ONE;
  for (let k = 0, left = n; left > 0; k++, left = Math.floor(left / 2)) {
    if (left % 2 === 1) power = product(power, powers[k]!);
  }
  return power;
}

function product(a: number, b: number): number {
  let sum = 0;
  let shifted = b;
  for (let bit = 31; bit >= 0; bit--) {
    if (((a >>> bit) & 1) === 1) sum ^= shifted;
    shifted = (shifted >>> 1) ^ (POLYNOMIAL & -(shifted & 1));
  }
  return sum;
}

function squares(count: number): Int32Array {
  const made = new Int32Array(count);
  made[0] = X;
  for (let k = 1; k < count; k++) made[k] = product(made[k - 1]!, made[k - 1]!);
  return made;
}
