/** What an eviction leaves of `cacheBytes`. */
const KEPT_SHARE = 0.75;

/** Something in the cache that can be left out, because the StateStore has it. */
export interface Resident {
  readonly bytes: number;
  /** Changed and not yet written: stays. */
  readonly dirty: boolean;
  /** Since its last turn. */
  used: boolean;
  /** Left already, and is no longer counted. */
  readonly expired: boolean;
  leave(): void;
}

/** The bound on what a StoreCache keeps, over all its stores. */
export class CacheMemory {
  readonly #cacheBytes: number;
  /** By age. */
  #queue: Resident[] = [];
  #bytes = 0;

  constructor(cacheBytes: number) {
    this.#cacheBytes = cacheBytes;
  }

  get full(): boolean {
    return this.#bytes > this.#cacheBytes;
  }

  get aboveKept(): boolean {
    return this.#bytes > this.#cacheBytes * KEPT_SHARE;
  }

  keep(resident: Resident): void {
    this.#queue.push(resident);
    this.#bytes += resident.bytes;
  }

  /** A resident has become larger, or smaller, by so much. */
  grow(bytes: number): void {
    this.#bytes += bytes;
  }

  /**
   * Down to three quarters, so that the walk is paid for by many records. Oldest first; one used since its last turn
   * gets another (second chance); changed ones stay.
   */
  evict(): void {
    for (let turn = 0; turn < 2 && this.aboveKept; turn++) {
      const kept: Resident[] = [];
      for (const resident of this.#queue) {
        if (resident.expired) continue;
        if (!this.aboveKept || resident.dirty || resident.used) kept.push(resident);
        else {
          this.#bytes -= resident.bytes;
          resident.leave();
        }
        resident.used &&= !this.aboveKept;
      }
      this.#queue = kept;
    }
  }
}
