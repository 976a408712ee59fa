import type { StateStore } from "../core/store/state-store.ts";

/** What outlives a task: tests of the cache lose the rest of it. */
export interface Disk {
  /** The StateStore as a new life finds it. */
  open(): StateStore;
  /** Takes back what `body` wrote when it throws. */
  transaction(body: () => void): void;
}

class Crash extends Error {}

/** Runs `body` in a transaction that is lost. */
export function crashed(disk: Disk, body: () => void): void {
  try {
    disk.transaction(() => {
      body();
      throw new Crash();
    });
  } catch (error) {
    if (!(error instanceof Crash)) throw error;
  }
}
