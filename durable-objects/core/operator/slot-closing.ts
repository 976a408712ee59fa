import type { CachedStore, StoreCache } from "../store/store-cache.ts";
import type { ClosedResult, ClosingWindows } from "./closed-results.ts";
import type { Unsent } from "./operator.ts";
import type { WindowSlots } from "./window-slots.ts";

/** Windows of slots as they close: in order of slot, then key. A bound is a slot. */
export class SlotClosing implements ClosingWindows {
  readonly #slots: WindowSlots;
  readonly #store: CachedStore;
  readonly #cache: StoreCache;

  constructor({ slots, store, cache }: { slots: WindowSlots; store: CachedStore; cache: StoreCache }) {
    this.#slots = slots;
    this.#store = store;
    this.#cache = cache;
  }

  *due(after: number, through: number): Iterable<ClosedResult> {
    for (const { start, key, value } of this.#cache.dueWindows(this.#store, {
      fromStart: after + 1,
      upToStart: through,
    })) {
      if (value === undefined) continue;
      const window = this.#slots.keyOf(key, start);
      yield { key: window, text: value.value, timestampMs: value.timestampMs, lastMs: window.end - 1 };
    }
  }

  unsent(after: number): Unsent | undefined {
    const range = { fromStart: after + 1, upToStart: Infinity };
    for (const { start: slot, key } of this.#cache.dueWindows(this.#store, range))
      return { fromMs: this.#slots.keyOf(key, slot).start, dueMs: this.#slots.closesAt(slot) };
    return undefined;
  }
}
