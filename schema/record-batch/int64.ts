// 64-bit fields as numbers. Two 32-bit halves are an order of magnitude cheaper than BigInt.

const HIGH_HALF = 4_294_967_296;

/** Exact within ±(2^53 - 1); outside it the result is not a safe integer either, so one check tells. */
export function readInt64(view: DataView, at: number): number {
  return view.getInt32(at) * HIGH_HALF + view.getUint32(at + 4);
}

/** `value` must be a safe integer. */
export function writeInt64(view: DataView, at: number, value: number): void {
  view.setInt32(at, Math.floor(value / HIGH_HALF));
  view.setInt32(at + 4, value | 0);
}
