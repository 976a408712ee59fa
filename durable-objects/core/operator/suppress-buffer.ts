import type { CachedStore } from "../store/store-cache.ts";
import { readRow, rowBytes, rowText, type BufferedRow } from "./buffered-row.ts";
import type { Runtime } from "./operator.ts";

/** Its stores, opened. */
export interface SuppressStores {
  /** Rows by (time, key). */
  readonly rows: CachedStore;
  /** By key, the time that its row lies under; not where the time follows from the key. */
  readonly places: CachedStore | undefined;
  /** How much there is, where that is bounded. */
  readonly size: CachedStore | undefined;
}

const SIZE = "size";

/** Rows that wait, each at the time of its first change, the last change of every key. Undone with the record. */
export class SuppressBuffer {
  readonly #stores: SuppressStores;
  readonly #runtime: Runtime;

  constructor(stores: SuppressStores, runtime: Runtime) {
    this.#stores = stores;
    this.#runtime = runtime;
  }

  /** A key that waits already keeps its time, and what its first change replaced. */
  put(key: string, atMs: number, row: BufferedRow): void {
    const { cache } = this.#runtime;
    const { rows, places } = this.#stores;
    const place = places && cache.entry(places, key);
    const entry = cache.windowEntry(rows, Number(place?.value?.value ?? atMs), key);
    const known = entry.value?.value;
    const text = rowText(known === undefined ? row : { ...row, before: readRow(known).before });
    this.#count(key, known, text);
    cache.write(entry, { value: text, timestampMs: row.timestampMs });
    if (place !== undefined && place.value === undefined) cache.write(place, { value: `${atMs}`, timestampMs: atMs });
  }

  /** Takes the first row, by its time, then key, whose time is not after `upToMs`. */
  take(upToMs: number): { readonly key: string; readonly row: BufferedRow } | undefined {
    const { cache } = this.#runtime;
    const { rows, places } = this.#stores;
    const [entry] = cache.dueWindows(rows, { upToStart: upToMs });
    const text = entry?.value?.value;
    if (entry === undefined || text === undefined) return undefined;
    const { key } = entry;
    cache.write(entry, undefined);
    if (places !== undefined) cache.write(cache.entry(places, key), undefined);
    this.#count(key, text, undefined);
    return { key, row: readRow(text) };
  }

  /** What `take` would give next, and its time. */
  first(): { readonly key: string; readonly atMs: number } | undefined {
    const [entry] = this.#runtime.cache.dueWindows(this.#stores.rows, { upToStart: Infinity });
    return entry && { key: entry.key, atMs: entry.start };
  }

  /** Kept where the buffer is bounded. */
  get size(): { readonly records: number; readonly bytes: number } {
    const { size } = this.#stores;
    const text = size && this.#runtime.cache.entry(size, SIZE).value?.value;
    const [records, bytes] = (text === undefined ? [0, 0] : JSON.parse(text)) as [number, number];
    return { records, bytes };
  }

  /** One row in place of another; `undefined` is none. */
  #count(key: string, before: string | undefined, after: string | undefined): void {
    const { size } = this.#stores;
    if (size === undefined) return;
    const { records, bytes } = this.size;
    const now = { records: after === undefined ? 0 : 1, bytes: after === undefined ? 0 : rowBytes(key, after) };
    const then = { records: before === undefined ? 0 : 1, bytes: before === undefined ? 0 : rowBytes(key, before) };
    const value = JSON.stringify([records + now.records - then.records, bytes + now.bytes - then.bytes]);
    this.#runtime.cache.write(this.#runtime.cache.entry(size, SIZE), { value, timestampMs: 0 });
  }
}
