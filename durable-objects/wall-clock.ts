/** Time and pauses of the platform. Everything in this folder takes them from here, so that a simulation can give its own. */
export interface WallClock {
  now(): number;
  /** Calls `wake` once, after a pause, unless the function that it answers is called before. */
  after(pauseMs: number, wake: () => void): () => void;
}

export const wallClock: WallClock = {
  now: () => Date.now(),
  after: (pauseMs, wake) => {
    const timer = setTimeout(wake, pauseMs);
    return () => clearTimeout(timer);
  },
};
