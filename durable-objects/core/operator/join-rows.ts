import type { PlanKey } from "../../../schema/plan.ts";
import type { CachedStore, StateEntry } from "../store/cached-store.ts";
import type { StoreCache } from "../store/store-cache.ts";
import { storeKey } from "./record-key.ts";
import type { Rows, TableRow } from "./table-rows.ts";

export type RowKey = Exclude<PlanKey, null>;

/** The rows of one table, as a join with another one reads them. */
export interface JoinRows {
  get(key: RowKey): TableRow | undefined;
  /** The window of the key has been let go, whatever it held. */
  gone(key: RowKey): boolean;
  /** Before each flush. */
  expire(): void;
}

/** Where a join of tables keeps what it has made. */
export interface JoinedStore {
  /** `undefined`: the window of the key has been let go. */
  entry(key: RowKey): StateEntry | undefined;
  expire(): void;
}

/** Rows with text keys, which stay. */
export class LastingRows implements JoinRows {
  readonly #rows: Rows;
  readonly #node: string;

  /** `node`: the join's name, for errors. */
  constructor(rows: Rows, node: string) {
    this.#rows = rows;
    this.#node = node;
  }

  get(key: RowKey): TableRow | undefined {
    return this.#rows.get(storeKey(key, this.#node), Infinity);
  }

  gone(): boolean {
    return false;
  }

  expire(): void {}
}

/** The same of what a join has made. */
export class LastingStore implements JoinedStore {
  readonly #cache: StoreCache;
  readonly #store: CachedStore;
  readonly #node: string;

  constructor(cache: StoreCache, store: CachedStore, node: string) {
    this.#cache = cache;
    this.#store = store;
    this.#node = node;
  }

  entry(key: RowKey): StateEntry {
    return this.#cache.entry(this.#store, storeKey(key, this.#node));
  }

  expire(): void {}
}
