import type { CachedStore, StoreCache } from "./store-cache.ts";

export interface TimerPlace {
  readonly dueMs: number;
  readonly key: string;
}

export interface Timer extends TimerPlace {
  /** JSON text. */
  readonly payload: string;
}

/** A set of timers, one per (dueMs, key), in a windowed store of their own. Undone with the record. */
export class TimerQueue {
  readonly #cache: StoreCache;
  readonly #store: CachedStore;

  /** `store` is windowed; a start is a due time. */
  constructor(cache: StoreCache, store: CachedStore) {
    this.#cache = cache;
    this.#store = store;
  }

  /** One of the same time and key is replaced. */
  set({ dueMs, key, payload }: Timer): void {
    const entry = this.#cache.windowEntry(this.#store, dueMs, key);
    this.#cache.write(entry, { value: payload, timestampMs: dueMs });
  }

  clear(dueMs: number, key: string): void {
    const entry = this.#cache.windowEntry(this.#store, dueMs, key);
    if (entry.value !== undefined) this.#cache.write(entry, undefined);
  }

  /** The next timer; undefined when there is none. It stays. */
  first(): Timer | undefined {
    const [entry] = this.#cache.dueWindows(this.#store, { upToStart: Infinity });
    return entry?.value && { dueMs: entry.start, key: entry.key, payload: entry.value.value };
  }

  /** The first timers with `dueMs <= upToMs`, by (dueMs, key as UTF-8 bytes). They stay. */
  due(upToMs: number, most: number): readonly TimerPlace[] {
    const due: TimerPlace[] = [];
    for (const { start: dueMs, key } of this.#cache.dueWindows(this.#store, { upToStart: upToMs })) {
      if (due.length === most) break;
      due.push({ dueMs, key });
    }
    return due;
  }

  /** Removes a timer; false when there is no such one. */
  take({ dueMs, key }: TimerPlace): boolean {
    const entry = this.#cache.windowEntry(this.#store, dueMs, key);
    if (entry.value === undefined) return false;
    this.#cache.write(entry, undefined);
    return true;
  }

  /**
   * Timers with `dueMs <= upToMs`, by (dueMs, key as UTF-8 bytes), each removed when it is given. What is set or cleared
   * meanwhile counts: a timer set to be due is given too.
   */
  *takeDue(upToMs: number): Iterable<Timer> {
    for (;;) {
      const [entry] = this.#cache.dueWindows(this.#store, { upToStart: upToMs });
      if (entry?.value === undefined) return;
      const timer = { dueMs: entry.start, key: entry.key, payload: entry.value.value };
      this.#cache.write(entry, undefined);
      yield timer;
    }
  }
}
