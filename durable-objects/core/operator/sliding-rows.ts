import type { OrderedItem } from "../store/ordered-rows.ts";
import type { OrderedStore } from "../store/ordered-store.ts";

/** What a sliding window holds: its state as JSON and the time of its last record. */
export interface SlidingRow {
  readonly text: string;
  readonly maxMs: number;
}

export interface SlidingWindow extends SlidingRow {
  readonly start: number;
}

/** The sliding windows of each key in an ordered store, `at` their start. */
export class SlidingRows {
  readonly #store: OrderedStore;

  constructor(store: OrderedStore) {
    this.#store = store;
  }

  /** Windows with `fromMs <= start <= toMs`, ascending. */
  range(key: string, fromMs: number, toMs: number): readonly SlidingWindow[] {
    return this.#store.range(key, { fromAt: fromMs, toAt: toMs }).map(windowOf);
  }

  get(key: string, start: number): SlidingWindow | undefined {
    const item = this.#store.get({ key, at: start, seq: 0 });
    return item && windowOf(item);
  }

  /** `undefined` removes. */
  put(key: string, start: number, row: SlidingRow | undefined): void {
    const place = { key, at: start, seq: 0 };
    if (row === undefined) this.#store.remove(place);
    else this.#store.put(place, { value: row.text, timestampMs: row.maxMs });
  }

  /** Windows that start before are let go. */
  expire(beforeMs: number): void {
    this.#store.expire(beforeMs);
  }
}

function windowOf({ at, value, timestampMs }: OrderedItem): SlidingWindow {
  return { start: at, text: value, maxMs: timestampMs };
}
