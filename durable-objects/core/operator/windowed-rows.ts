import type { PlanNode } from "../../../schema/plan.ts";
import type { Windowed } from "../../../schema/windows.ts";
import type { CachedStore, StateEntry } from "../store/cached-store.ts";
import type { StoreCache } from "../store/store-cache.ts";
import type { JoinedStore, JoinRows, RowKey } from "./join-rows.ts";
import type { Shown } from "./result-payload.ts";
import { returnedValue } from "./returned.ts";
import { ofReplaced } from "./table-row.ts";
import type { TableRow } from "./table-rows.ts";
import type { WindowLifetime } from "./window-lifetime.ts";
import type { WindowSlots } from "./window-slots.ts";

export interface WindowedRowsParts {
  readonly cache: StoreCache;
  readonly store: CachedStore;
  readonly slots: WindowSlots;
  readonly lifetime: WindowLifetime;
}

/** What a join has made of two windowed tables: a row stays until both have let its window go. */
export class WindowedStore implements JoinedStore {
  readonly #parts: WindowedRowsParts;

  constructor(parts: WindowedRowsParts) {
    this.#parts = parts;
  }

  entry(key: RowKey): StateEntry | undefined {
    const { cache, store, slots, lifetime } = this.#parts;
    const window = windowOf(key);
    const slot = slots.slotOf(window);
    return slot < lifetime.bound ? undefined : cache.windowEntry(store, slot, window.key);
  }

  expire(): void {
    const { cache, store, lifetime } = this.#parts;
    lifetime.expire();
    cache.expire(store, lifetime.bound);
  }
}

/** Rows of windows where their table keeps them. */
export class WindowedRows implements JoinRows {
  readonly #parts: WindowedRowsParts;
  readonly #shown: Shown;

  constructor(parts: WindowedRowsParts, shown: Shown) {
    this.#parts = parts;
    this.#shown = shown;
  }

  get(key: RowKey): TableRow | undefined {
    if (this.gone(key)) return undefined;
    const { cache, store, slots } = this.#parts;
    const window = windowOf(key);
    const { value } = cache.windowEntry(store, slots.slotOf(window), window.key);
    return value === undefined ? undefined : { payload: this.#shown(value.value), timestampMs: value.timestampMs };
  }

  gone(key: RowKey): boolean {
    const { slots, lifetime } = this.#parts;
    return slots.slotOf(windowOf(key)) < lifetime.bound;
  }

  expire(): void {
    this.#parts.lifetime.expire();
  }
}

type Derived = Extract<PlanNode, { kind: "tableFilter" | "tableMapValues" }>;

/** Rows that a filter or a mapper makes of another table's whenever they are read: no second copy is kept. */
export class DerivedRows implements JoinRows {
  readonly #rows: JoinRows;
  readonly #node: Derived;

  constructor(rows: JoinRows, node: Derived) {
    this.#rows = rows;
    this.#node = node;
  }

  get(key: RowKey): TableRow | undefined {
    const row = this.#rows.get(key);
    return row && ofReplaced(() => this.#derived(row, key), undefined);
  }

  gone(key: RowKey): boolean {
    return this.#rows.gone(key);
  }

  expire(): void {
    this.#rows.expire();
  }

  #derived(row: TableRow, key: RowKey): TableRow | undefined {
    const value = row.payload.value();
    if (value === null) return undefined;
    if (this.#node.kind === "tableFilter") {
      const { predicate } = this.#node;
      return predicate(value, key) ? row : undefined;
    }
    const { mapper, name } = this.#node;
    const payload = returnedValue(mapper(value, key), name);
    return payload.value() === null ? undefined : { ...row, payload };
  }
}

function windowOf(key: RowKey): Windowed {
  if (typeof key === "object") return key;
  throw new TypeError("the key of a row of a windowed table is no window");
}
