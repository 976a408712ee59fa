import type { StoreCache } from "../store/store-cache.ts";
import type { CachedStore } from "../store/store-cache.ts";

/** No user's store has this name. */
const STORE = "parked:";

/** Keys of which a record failed, with how many records of each wait in the dead-letter topic (ERR-4). */
export class ParkedKeys {
  readonly #cache: StoreCache;
  readonly #store: CachedStore;

  constructor(cache: StoreCache) {
    this.#cache = cache;
    this.#store = cache.open(STORE, "keyValue");
  }

  count(key: string | null): number {
    if (key === null) return 0;
    const { value } = this.#cache.entry(this.#store, key);
    return value === undefined ? 0 : Number(value.value);
  }

  /** One record more, or fewer, of the key waits. */
  add(key: string | null, records: 1 | -1): void {
    if (key === null) return;
    const entry = this.#cache.entry(this.#store, key);
    const count = this.count(key) + records;
    this.#cache.write(entry, count <= 0 ? undefined : { value: `${count}`, timestampMs: 0 });
  }
}
