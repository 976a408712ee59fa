/** All this client knows of time and chance. Replaced in tests, so that none of them waits or differs from run to run. */
export interface Clock {
  nowMs(): number;
  /** Calls `wake` once after `delayMs`; the answer cancels it. */
  timer(delayMs: number, wake: () => void): () => void;
  /** `[0, 1)`. */
  random(): number;
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  timer(delayMs, wake) {
    const id = setTimeout(wake, delayMs);
    return () => clearTimeout(id);
  },
  random: () => Math.random(),
};

/** Resolves after `delayMs`, or at once when `signal` is or becomes aborted: the caller looks at the signal. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted === true) return Promise.resolve();
  return new Promise((resolve) => {
    const end = () => {
      cancel();
      signal?.removeEventListener("abort", end);
      resolve();
    };
    const cancel = clock.timer(delayMs, end);
    signal?.addEventListener("abort", end);
  });
}
