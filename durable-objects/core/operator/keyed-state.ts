import { stateText } from "../store/state-value.ts";
import type { OrderedStore } from "../store/ordered-store.ts";
import type { CachedStore, StateEntry, StoreCache } from "../store/store-cache.ts";
import type { TimerQueue } from "../store/timer-queue.ts";

const ENTRIES_AT_ONCE = 64;

/** Where a state lives and what the time is there. */
export interface KeyedStateParts {
  readonly name: string;
  readonly cache: StoreCache;
  readonly ttlMs: number | undefined;
  /** When what was written is looked at, to be let go of. */
  readonly expiries: TimerQueue;
  /** By the operator's clock, ms; -Infinity while nothing is known of how far some upstream has come. */
  readonly nowMs: () => number;
  /** When what is written now is written, ms: by the same clock, or the time of what is at work while that has not begun. */
  readonly writtenMs: () => number;
}

/** One name in front of another, so that no two pairs give the same text. */
export function compositeKey(key: string, name: string): string {
  return `${key.length}:${key}${name}`;
}

export function splitCompositeKey(text: string): readonly [key: string, name: string] {
  const colon = text.indexOf(":");
  const end = colon + 1 + Number(text.slice(0, colon));
  return [text.slice(colon + 1, end), text.slice(end)];
}

/**
 * Values by key text that may have a time to live (PRC-4). A value that is over is not there, whenever it is let go of: one
 * timer for each looks again when it would be over, so that writing it again costs nothing more.
 */
export class ExpiringValues {
  readonly #parts: KeyedStateParts;
  readonly #store: CachedStore;

  constructor(parts: KeyedStateParts, store: CachedStore) {
    this.#parts = parts;
    this.#store = store;
  }

  get(key: string): unknown {
    const { value } = this.#entry(key);
    return value === undefined || this.#over(value.timestampMs) ? undefined : (JSON.parse(value.value) as unknown);
  }

  set(key: string, value: unknown): void {
    const { name, cache, ttlMs, writtenMs } = this.#parts;
    const entry = this.#entry(key);
    const expiresMs = writtenMs() + (ttlMs ?? 0);
    if (ttlMs !== undefined && entry.value === undefined) this.#lookAgain(expiresMs, key);
    cache.write(entry, { value: stateText(value, `state.${name}`), timestampMs: expiresMs });
  }

  delete(key: string): void {
    this.#parts.cache.write(this.#entry(key), undefined);
  }

  /** Its timer is due: it goes, or is looked at again when it will be over. */
  due(key: string): void {
    const { cache } = this.#parts;
    const entry = this.#entry(key);
    if (entry.value === undefined) return;
    if (this.#over(entry.value.timestampMs)) cache.write(entry, undefined);
    else this.#lookAgain(entry.value.timestampMs, key);
  }

  /** Names and values behind a key, in order of the names as UTF-8. */
  *entries(prefix: string): Generator<readonly [key: string, value: unknown]> {
    for (let after: string | undefined; ;) {
      const range = after === undefined ? { from: prefix } : { after };
      const rows = this.#parts.cache.scan(this.#store, range, ENTRIES_AT_ONCE);
      for (const { key, value, timestampMs } of rows) {
        if (!key.startsWith(prefix)) return;
        if (!this.#over(timestampMs)) yield [key, JSON.parse(value) as unknown];
      }
      after = rows.at(-1)?.key;
      if (after === undefined || rows.length < ENTRIES_AT_ONCE) return;
    }
  }

  #lookAgain(dueMs: number, key: string): void {
    this.#parts.expiries.set({ dueMs, key: compositeKey(this.#parts.name, key), payload: "1" });
  }

  #entry(key: string): StateEntry {
    return this.#parts.cache.entry(this.#store, key);
  }

  #over(expiresMs: number): boolean {
    return this.#parts.ttlMs !== undefined && expiresMs <= this.#parts.nowMs();
  }
}

/** One value of the key at work. */
export class ValueState {
  readonly #values: ExpiringValues;
  readonly #key: () => string;

  constructor(values: ExpiringValues, key: () => string) {
    this.#values = values;
    this.#key = key;
  }

  get(): unknown {
    return this.#values.get(this.#key());
  }

  set(value: unknown): void {
    if (value === undefined) throw new TypeError("a state is set to undefined; use clear()");
    this.#values.set(this.#key(), value);
  }

  clear(): void {
    this.#values.delete(this.#key());
  }
}

/** Named values of the key at work. */
export class MapState {
  readonly #values: ExpiringValues;
  readonly #key: () => string;

  constructor(values: ExpiringValues, key: () => string) {
    this.#values = values;
    this.#key = key;
  }

  get(name: string): unknown {
    return this.#values.get(this.#place(name));
  }

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  set(name: string, value: unknown): void {
    if (value === undefined) throw new TypeError(`a state is set to undefined; use delete("${name}")`);
    this.#values.set(this.#place(name), value);
  }

  delete(name: string): void {
    this.#values.delete(this.#place(name));
  }

  entries(): [name: string, value: unknown][] {
    const prefix = compositeKey(this.#key(), "");
    return [...this.#values.entries(prefix)].map(([key, value]) => [key.slice(prefix.length), value]);
  }

  clear(): void {
    for (const [name] of this.entries()) this.delete(name);
  }

  #place(name: string): string {
    if (typeof name !== "string") throw new TypeError(`a name in a map is text, not ${typeof name}`);
    return compositeKey(this.#key(), name);
  }
}

type ListParts = Pick<KeyedStateParts, "name" | "ttlMs" | "nowMs" | "writtenMs">;

/** Values of the key at work, one after another. With a time to live they lie by when they are over, which is their order. */
export class ListState {
  readonly #parts: ListParts;
  readonly #store: OrderedStore;
  readonly #key: () => string;

  constructor(parts: ListParts, store: OrderedStore, key: () => string) {
    this.#parts = parts;
    this.#store = store;
    this.#key = key;
  }

  get(): unknown[] {
    return this.#store.range(this.#key(), this.#range).map(({ value }) => JSON.parse(value) as unknown);
  }

  append(value: unknown): void {
    const { name, ttlMs, writtenMs } = this.#parts;
    const at = ttlMs === undefined ? 0 : writtenMs() + ttlMs;
    this.#store.append(this.#key(), at, { value: stateText(value, `state.${name}`), timestampMs: at });
  }

  clear(): void {
    const key = this.#key();
    for (const { at, seq } of this.#store.range(key, this.#range)) this.#store.remove({ key, at, seq });
  }

  expire(): void {
    if (this.#parts.ttlMs !== undefined) this.#store.expire(this.#parts.nowMs() + 1);
  }

  get #range(): { readonly fromAt: number; readonly toAt: number } {
    const fromAt = this.#parts.ttlMs === undefined ? 0 : this.#parts.nowMs() + 1;
    return { fromAt, toAt: Number.MAX_SAFE_INTEGER };
  }
}
