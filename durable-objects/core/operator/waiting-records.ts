import { boundedState } from "../store/state-value.ts";
import type { CachedStore, StoreCache } from "../store/store-cache.ts";
import { TimerQueue } from "../store/timer-queue.ts";
import type { StreamRecord } from "./stream-record.ts";

export interface WaitingRecord {
  readonly key: string;
  readonly timestampMs: number;
  readonly value: unknown;
}

/** Records that wait for their time, by (time, key, arrival): the values of one time and key are one array. */
export class WaitingRecords {
  readonly #cache: StoreCache;
  readonly #store: CachedStore;
  readonly #timers: TimerQueue;

  /** `store` is windowed. */
  constructor(cache: StoreCache, store: CachedStore) {
    this.#cache = cache;
    this.#store = store;
    this.#timers = new TimerQueue(cache, store);
  }

  add(key: string, { timestampMs, payload }: StreamRecord): void {
    const before = this.#cache.windowEntry(this.#store, timestampMs, key).value?.value;
    const text = payload.json("state");
    const values = before === undefined ? `[${text}]` : `${before.slice(0, -1)},${text}]`;
    this.#timers.set({ dueMs: timestampMs, key, payload: boundedState(values, "state") });
  }

  /** The least time of one; undefined when there is none. */
  get firstMs(): number | undefined {
    return this.#timers.first()?.dueMs;
  }

  /** Takes out those with a time up to this one. */
  take(upToMs: number): readonly WaitingRecord[] {
    return Array.from(this.#timers.takeDue(upToMs)).flatMap(({ dueMs, key, payload }) =>
      (JSON.parse(payload) as unknown[]).map((value) => ({ key, timestampMs: dueMs, value })),
    );
  }
}
