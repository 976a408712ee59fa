import type { TableNode } from "../../../schema/plan.ts";
import { historyOf } from "../plan/stores.ts";
import type { OrderedItem } from "../store/ordered-rows.ts";
import type { OrderedStore } from "../store/ordered-store.ts";
import type { CachedStore, StoreCache } from "../store/store-cache.ts";
import type { OperatorClock } from "./clock.ts";
import { payloadOf } from "./payload.ts";
import type { Rows, TableRow } from "./table-rows.ts";

/** No row has this value: null removes it. */
export const NO_ROW = "null";

/** A row that was: valid from its own time until another's, at which it lies. Without text the key had no row then. */
interface Version {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly text: string | undefined;
}

export interface VersionedRowsParts {
  /** The rows as they are. */
  readonly store: CachedStore;
  /** What they were, by key and the time until which that held; its own time is the one from which. */
  readonly history: OrderedStore;
  /** Of the table. */
  readonly clock: OperatorClock;
  readonly historyMs: number;
}

/** A new row is the latest of its key; one out of order is in the history; one older than the history is late. */
export type Placed = "latest" | "history" | "late";

/** Rows of a versioned table: as they are, and as they were within its history. */
export class VersionedRows implements Rows {
  readonly #cache: StoreCache;
  readonly #store: CachedStore;
  readonly #history: OrderedStore;
  readonly #clock: OperatorClock;
  readonly #historyMs: number;

  constructor(cache: StoreCache, { store, history, clock, historyMs }: VersionedRowsParts) {
    this.#cache = cache;
    this.#store = store;
    this.#history = history;
    this.#clock = clock;
    this.#historyMs = historyMs;
  }

  get(key: string, asOfMs: number): TableRow | undefined {
    const { value: latest } = this.#cache.entry(this.#store, key);
    if (latest !== undefined && latest.timestampMs <= asOfMs)
      return { payload: payloadOf(latest.value), timestampMs: latest.timestampMs };
    if (asOfMs < this.#oldestMs) return undefined;
    const version = this.#after(key, asOfMs);
    if (version?.text === undefined || version.fromMs > asOfMs) return undefined;
    return { payload: payloadOf(version.text), timestampMs: version.fromMs };
  }

  /** The row as it is, as JSON. */
  textOf(key: string): string | undefined {
    return this.#cache.entry(this.#store, key).value?.value;
  }

  /** `undefined` removes. The clock has been moved to the time already. */
  put(key: string, atMs: number, text: string | undefined): Placed {
    if (atMs < this.#oldestMs) return "late";
    const entry = this.#cache.entry(this.#store, key);
    const { value: latest } = entry;
    const lastMs = latest?.timestampMs ?? this.#last(key)?.untilMs ?? -Infinity;
    if (atMs < lastMs) {
      this.#insert(key, atMs, { text, lastMs });
      return "history";
    }
    if (latest !== undefined && latest.timestampMs < atMs)
      this.#write(key, { fromMs: latest.timestampMs, untilMs: atMs, text: latest.value });
    // When a row went is known only by what ended then.
    else if (text === undefined && this.#history.get({ key, at: atMs, seq: 0 }) === undefined)
      this.#write(key, { fromMs: atMs, untilMs: atMs, text });
    this.#cache.write(entry, text === undefined ? undefined : { value: text, timestampMs: atMs });
    return "latest";
  }

  /** Lets go of what held only until a time that is older than the history. */
  expire(): void {
    this.#history.expire(expiredBefore(this.#clock, this.#historyMs));
  }

  /** Something is known from `atMs` until the next version of the key, or until the last. */
  #insert(key: string, atMs: number, { text, lastMs }: { text: string | undefined; lastMs: number }): void {
    const next = this.#after(key, atMs);
    // Nothing ends after it, so what came last holds from its time on, and nothing was before.
    if (next === undefined) return this.#write(key, { fromMs: atMs, untilMs: lastMs, text });
    if (next.fromMs > atMs) return this.#write(key, { fromMs: atMs, untilMs: next.fromMs, text });
    if (next.fromMs < atMs) this.#write(key, { ...next, untilMs: atMs });
    this.#write(key, { fromMs: atMs, untilMs: next.untilMs, text });
  }

  /** The first that held until a later time, which is not before the history. */
  #after(key: string, timeMs: number): Version | undefined {
    return versionOf(this.#history.range(key, { fromAt: timeMs + 1, toAt: Infinity, limit: 1 })[0]);
  }

  #last(key: string): Version | undefined {
    const range = { fromAt: this.#oldestMs + 1, toAt: Infinity, limit: 1, descending: true };
    return versionOf(this.#history.range(key, range)[0]);
  }

  #write(key: string, { fromMs, untilMs, text = NO_ROW }: Version): void {
    this.#history.put({ key, at: untilMs, seq: 0 }, { value: text, timestampMs: fromMs });
  }

  /** What was before is not known. */
  get #oldestMs(): number {
    return this.#clock.streamTimeMs - this.#historyMs;
  }
}

/** What held until this time, or less, is older than the history; by the bucket, so that it moves only when rows go. */
function expiredBefore({ streamTimeMs }: OperatorClock, historyMs: number): number {
  const bucketMs = bucketOf(historyMs);
  return Math.floor((streamTimeMs - historyMs + 1) / bucketMs) * bucketMs;
}

/** A history spans about twenty buckets of rows. */
function bucketOf(historyMs: number): number {
  return Math.max(1, Math.ceil(historyMs / 20));
}

export function openVersionedRows(
  { node, clock, historyMs }: { readonly node: TableNode; readonly clock: OperatorClock; readonly historyMs: number },
  cache: StoreCache,
): VersionedRows {
  const { name } = node.store;
  const options = { bucketMs: bucketOf(historyMs), expiredBefore: expiredBefore(clock, historyMs) };
  const history = cache.openOrdered(historyOf(name), options);
  return new VersionedRows(cache, { store: cache.open(name, "keyValue"), history, clock, historyMs });
}

function versionOf(item: OrderedItem | undefined): Version | undefined {
  if (item === undefined) return undefined;
  const { at, value, timestampMs } = item;
  return { fromMs: timestampMs, untilMs: at, text: value === NO_ROW ? undefined : value };
}
