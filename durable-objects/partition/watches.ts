import type { WatchedRecord } from "../core/task/task-port.ts";

/** Offsets `from <= offset < to` of which somebody wants to know what a task sends for them. */
export interface Watch {
  readonly from: number;
  readonly to: number;
  readonly records: WatchedRecord[];
}

/** Who waits for what tasks send, by task: in memory, as long as the requests that ask. */
export class Watches {
  readonly #watches = new Map<number, Set<Watch>>();

  watch(task: number, watch: Watch): void {
    const watches = this.#watches.get(task) ?? new Set();
    this.#watches.set(task, watches.add(watch));
  }

  unwatch(task: number, watch: Watch): void {
    const watches = this.#watches.get(task);
    watches?.delete(watch);
    if (watches?.size === 0) this.#watches.delete(task);
  }

  /** All offsets that somebody watches, and what lies between. */
  watched(task: number): { readonly from: number; readonly to: number } | undefined {
    const watches = [...(this.#watches.get(task) ?? [])];
    if (watches.length === 0) return undefined;
    return { from: Math.min(...watches.map(({ from }) => from)), to: Math.max(...watches.map(({ to }) => to)) };
  }

  /** A slice sent these. */
  sent(task: number, records: readonly WatchedRecord[]): void {
    for (const watch of this.#watches.get(task) ?? []) {
      for (const record of records) {
        if (record.offset >= watch.from && record.offset < watch.to) watch.records.push(record);
      }
    }
  }
}
