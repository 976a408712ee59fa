import type { CachedStore, StoreCache } from "../store/store-cache.ts";
import type { Payload } from "./payload.ts";
import type { Shown } from "./result-payload.ts";

/** A row of a table: its value, and the time of the record that it came with. */
export interface TableRow {
  readonly payload: Payload;
  readonly timestampMs: number;
}

/** The rows of a table, where a join of the same task reads them. */
export interface Rows {
  /** Of a versioned table as it was at the time, as it is at Infinity; of another as it is. */
  get(key: string, asOfMs: number): TableRow | undefined;
}

/** Rows as they are. */
export class TableRows implements Rows {
  readonly #cache: StoreCache;
  readonly #store: CachedStore;
  readonly #shown: Shown;

  constructor(cache: StoreCache, store: CachedStore, shown: Shown) {
    this.#cache = cache;
    this.#store = store;
    this.#shown = shown;
  }

  get(key: string): TableRow | undefined {
    const { value } = this.#cache.entry(this.#store, key);
    return value === undefined ? undefined : { payload: this.#shown(value.value), timestampMs: value.timestampMs };
  }
}
