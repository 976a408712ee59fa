import { type BudgetMember, CacheBudget, type Held, KEPT_SHARE } from "./cache-budget.ts";

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
export class CacheMemory implements BudgetMember {
  readonly #cacheBytes: number;
  readonly #budget: CacheBudget;
  /** By age. */
  #queue: Resident[] = [];
  readonly #held: Held = { bytes: 0 };

  /** `budget` is what it shares with others. */
  constructor(cacheBytes: number, budget = new CacheBudget(cacheBytes)) {
    this.#cacheBytes = cacheBytes;
    this.#budget = budget;
    budget.join(this, this.#held);
  }

  get full(): boolean {
    return this.#held.bytes > this.#cacheBytes || this.#budget.full;
  }

  get aboveKept(): boolean {
    return this.#held.bytes > this.#cacheBytes * KEPT_SHARE || this.#budget.aboveKept;
  }

  keep(resident: Resident): void {
    this.#queue.push(resident);
    this.grow(resident.bytes);
  }

  /** A resident has become larger, or smaller, by so much. */
  grow(bytes: number): void {
    this.#budget.grow(this.#held, bytes);
  }

  /** It is this one's turn now. */
  use(): void {
    this.#budget.use(this.#held);
  }

  /** Down to three quarters, so that the walk is paid for by many records. */
  evict(): void {
    if (this.#budget.aboveKept) this.#budget.evictOthers(this.#held);
    this.#evictWhile(() => this.aboveKept);
  }

  evictTo(bytes: number): void {
    this.#evictWhile(() => this.#held.bytes > bytes);
  }

  /** Oldest first; one used since its last turn gets another (second chance); changed ones stay. */
  #evictWhile(tooMuch: () => boolean): void {
    for (let turn = 0; turn < 2 && tooMuch(); turn++) {
      const kept: Resident[] = [];
      for (const resident of this.#queue) {
        if (resident.expired) continue;
        if (!tooMuch() || resident.dirty || resident.used) kept.push(resident);
        else {
          this.grow(-resident.bytes);
          resident.leave();
        }
        resident.used &&= !tooMuch();
      }
      this.#queue = kept;
    }
  }
}
