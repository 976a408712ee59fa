/**
 * The exact sum of doubles: the sum rounded to a double, then what that leaves of it, rounded, and so on until nothing is
 * left; a plain number where the first says all. It is a function of the sum alone, so the order of the values, how they
 * were split and what was added and taken out again leave no trace in it. Most sums need one or two parts; none more than 40.
 *
 * Each step keeps what rounding loses (Knuth's TwoSum; J. R. Shewchuk, "Adaptive Precision Floating-Point Arithmetic", 1997).
 */
export type ExactSum = number | readonly number[];

export function plus(sum: ExactSum, value: number): ExactSum {
  if (typeof sum !== "number") return exactSum(withTerm(sum.toReversed(), value));
  const high = sum + value;
  return partsOf(checked(high), lost(sum, value, high));
}

export function plusAll(a: ExactSum, b: ExactSum): ExactSum {
  return typeof b === "number" ? plus(a, b) : b.reduce(plus, a);
}

/** The double nearest to the sum. */
export function total(sum: ExactSum): number {
  return typeof sum === "number" ? sum : (sum[0] ?? 0);
}

export function partsIn(sum: ExactSum): readonly number[] {
  return typeof sum === "number" ? [sum] : sum;
}

/** The product of two numbers as the terms of an exact sum (Dekker, Veltkamp): below 1e300, and above 1e-290 or so. */
export function product(a: number, b: number): readonly [high: number, low: number] {
  const high = a * b;
  const [aHigh, aLow] = halves(a);
  const [bHigh, bLow] = halves(b);
  return [high, aLow * bLow - (high - aHigh * bHigh - aLow * bHigh - aHigh * bLow)];
}

/** Terms by ascending size whose bits do not overlap, with one more; zeros are left out. */
export function withTerm(terms: readonly number[], value: number): number[] {
  const next: number[] = [];
  let rest = value;
  for (const term of terms) {
    const high = rest + term;
    const low = lost(rest, term, high);
    if (low !== 0) next.push(low);
    rest = high;
  }
  if (rest !== 0) next.push(checked(rest));
  return next;
}

/** The double nearest to the sum of such terms, ties to even. */
export function rounded(terms: readonly number[]): number {
  let at = terms.length - 1;
  let high = terms[at] ?? 0;
  let low = 0;
  while (at > 0 && low === 0) {
    const before = high;
    const term = terms[--at] ?? 0;
    high = before + term;
    low = term - (high - before);
  }
  // Half-way between two doubles: what is smaller still decides.
  const beyond = at > 0 ? (terms[at - 1] ?? 0) : 0;
  if (low === 0 || beyond === 0 || low < 0 !== beyond < 0) return high;
  const other = high + low * 2;
  return other - high === low * 2 ? other : high;
}

function exactSum(terms: readonly number[]): ExactSum {
  const parts: number[] = [];
  for (let rest = terms; rest.length > 0;) {
    const part = rounded(rest);
    parts.push(part);
    rest = withTerm(rest, -part);
  }
  return parts.length < 2 ? (parts[0] ?? 0) : parts;
}

function partsOf(high: number, low: number): ExactSum {
  // Never -0, which JSON does not keep.
  return low === 0 ? high + 0 : [high, low];
}

/** What `high`, the rounded sum of a and b, lacks. */
function lost(a: number, b: number, high: number): number {
  const second = high - a;
  return a - (high - second) + (b - second);
}

function checked(sum: number): number {
  if (Number.isFinite(sum)) return sum;
  throw new RangeError(`a sum went beyond ${Number.MAX_VALUE}`);
}

function halves(value: number): readonly [high: number, low: number] {
  const shifted = value * 134_217_729;
  const high = shifted - (shifted - value);
  return [high, value - high];
}
