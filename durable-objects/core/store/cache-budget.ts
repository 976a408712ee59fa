/** What an eviction leaves of a bound. */
export const KEPT_SHARE = 0.75;

/** One cache of those that share a budget. */
export interface BudgetMember {
  /** Lets go of what it can, down to so many bytes. */
  evictTo(bytes: number): void;
}

/** Bytes that one member holds. It outlives the member, so that they can be given back. */
export interface Held {
  bytes: number;
}

/**
 * The bound on what many caches keep together: objects of one isolate share its memory, and one that has nothing to do
 * keeps its cache until the platform ends it. A member that is forgotten leaves by itself.
 */
export class CacheBudget {
  readonly #bytes: number;
  #used = 0;
  /** Longest unused first. */
  readonly #members = new Map<Held, WeakRef<BudgetMember>>();
  readonly #forgotten = new FinalizationRegistry<Held>((held) => this.#leave(held));

  constructor(bytes: number) {
    this.#bytes = bytes;
  }

  get full(): boolean {
    return this.#used > this.#bytes;
  }

  get aboveKept(): boolean {
    return this.#used > this.#bytes * KEPT_SHARE;
  }

  join(member: BudgetMember, held: Held): void {
    this.#members.set(held, new WeakRef(member));
    this.#forgotten.register(member, held);
  }

  grow(held: Held, bytes: number): void {
    held.bytes += bytes;
    this.#used += bytes;
  }

  /** This member is in use: others are the first to give way. */
  use(held: Held): void {
    const member = this.#members.get(held);
    if (member === undefined) return;
    this.#members.delete(held);
    this.#members.set(held, member);
  }

  /** Longest unused first: down to a fair share each, so that those in turn at work all keep some; then to nothing. */
  evictOthers(asking: Held): void {
    const share = (this.#bytes * KEPT_SHARE) / this.#members.size;
    for (const bytes of [share, 0]) {
      for (const [held, member] of this.#members) {
        if (!this.aboveKept) return;
        if (held === asking || held.bytes <= bytes) continue;
        member.deref()?.evictTo(bytes);
      }
    }
  }

  #leave(held: Held): void {
    this.#members.delete(held);
    this.#used -= held.bytes;
  }
}
