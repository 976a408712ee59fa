import type { WallClock } from "../wall-clock.ts";

/** What came of the work, or an error when that takes longer. The work itself goes on: nobody waits for it. */
export async function withDeadline<T>(work: Promise<T>, deadlineMs: number, clock: WallClock): Promise<T> {
  let inTime: (() => void) | undefined;
  const late = new Promise<never>((_, reject) => {
    inTime = clock.after(deadlineMs, () => reject(new Error(`no answer within ${deadlineMs} ms`)));
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    inTime?.();
  }
}
