/** `MILLRACE_SEED`, or another one each time. A test that uses it has it in its name. */
export const seed = Number(process.env["MILLRACE_SEED"] ?? Math.floor(Math.random() * 2 ** 31));

/** Mulberry32: numbers of `[0, 1)`, the same for the same seed. */
export function seededRandom(from: number): () => number {
  let state = from;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
