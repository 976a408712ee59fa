/** The inputs of a join, and those of its clock. */
export type Side = 0 | 1;
export const LEFT: Side = 0;
export const RIGHT: Side = 1;

/** What the functions of a join get; null for a side that is not there. */
export interface Pair {
  readonly left: unknown;
  readonly right: unknown;
}

/** `ours` is of the side, `theirs` of the other. */
export function pairOf(side: Side, ours: unknown, theirs: unknown): Pair {
  return side === LEFT ? { left: ours, right: theirs } : { left: theirs, right: ours };
}
