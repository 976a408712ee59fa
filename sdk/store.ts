import { MAX_PAGE } from "../schema/limits.ts";
import type { StoreDescription } from "../schema/rpc/store.ts";
import { type FollowOptions, followStore, type StoreEvent } from "./store-changes.ts";
import { StreamError } from "./stream-error.ts";
import type { Transport } from "./transport.ts";

/** Reads only after the task of `partition` has read its input up to `minOffset`: what you sent is then in the answer. */
export interface Freshness {
  readonly minOffset?: number | undefined;
  readonly partition?: number | undefined;
}

export interface StoreEntry {
  readonly key: string;
  readonly value: unknown;
  /** With `asOf`: the time from which the value held, ms since epoch. */
  readonly timestamp?: number | undefined;
  /** The value reflects every record of this partition of the store's input below `offset`. */
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** A row with the fields that tell rows of its kind of store apart (`key` of its `StoreDescription`). */
export interface StoreRow {
  readonly key: string;
  readonly value: unknown;
  /** The window `[start, end)`, ms since epoch. */
  readonly start?: number | undefined;
  readonly end?: number | undefined;
  /** Of an entry of a map. */
  readonly name?: string | undefined;
  /** Of a row of a list or of a side of a join: its time there, and what tells rows of one time apart. */
  readonly at?: number | undefined;
  readonly seq?: number | undefined;
}

export interface StoreWindow extends StoreRow {
  readonly start: number;
  readonly end: number;
}

/** Which rows: all that is given holds. */
export interface StoreRange {
  /** Keys that begin so. */
  readonly prefix?: string | undefined;
  /** `fromKey <= key < toKey`, by the UTF-8 bytes of the keys. */
  readonly fromKey?: string | undefined;
  readonly toKey?: string | undefined;
  /** Windows whose start, rows of a join whose time lies in `[from, to)`, ms since epoch. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

type Query = { readonly [name: string]: string | number | undefined };

interface StorePage {
  readonly entries?: readonly StoreRow[];
  readonly windows?: readonly StoreWindow[];
  readonly cursor?: string;
}

/** State of a pipeline, as it is now. Made by `client.pipelines.store`. */
export class Store {
  readonly #transport: Transport;
  readonly #path: readonly string[];
  readonly #name: string;
  #exists = false;

  constructor(transport: Transport, name: { readonly pipeline: string; readonly store: string }) {
    this.#transport = transport;
    this.#path = ["pipelines", name.pipeline, "stores"];
    this.#name = name.store;
  }

  /**
   * Undefined for a key the store does not hold; of a versioned store, with `asOf`, for one it did not hold then.
   * Rejects with `not_found` for a pipeline or store that is not there, with `invalid_request` where a key has windows or
   * several rows: those come from `windows` and `entries`.
   */
  async get(
    key: string,
    options: Freshness & { readonly asOf?: number | undefined } = {},
  ): Promise<StoreEntry | undefined> {
    try {
      const found = await this.#read<StoreEntry | StorePage>({ ...options, key });
      if ("value" in found) return found;
      throw this.#severalRows(found);
    } catch (error) {
      if (!(error instanceof StreamError) || error.code !== "not_found" || !(await this.#known())) throw error;
      return undefined;
    }
  }

  /**
   * All windows of one key whose start lies in `[from, to)`, ms since epoch, by start. Many come in several requests, so a
   * store that changes meanwhile is not one snapshot.
   */
  async windows(
    key: string,
    range: Freshness & { readonly from: number; readonly to: number },
  ): Promise<readonly StoreWindow[]> {
    return (await this.#all({ ...range, key })) as readonly StoreWindow[];
  }

  /** All rows of one key in a store of lists, of maps, or of a side of a join, in their order. */
  entries(key: string, freshness: Freshness = {}): Promise<readonly StoreRow[]> {
    return this.#all({ ...freshness, key });
  }

  /**
   * Every row, page by page, in the order of the store: by key, or of tumbling, hopping, cumulative and unlimited windows by
   * time, then key. Each page is as it was when read, so a store that changes meanwhile is not one snapshot.
   *
   * @example
   * ```ts
   * import { Millrace } from "../sdk/index.ts";
   *
   * const client = new Millrace({ url: "http://127.0.0.1:8787" });
   * for await (const { key, value } of client.pipelines.store("totals", "by-customer").all()) console.log(key, value);
   * ```
   */
  all(): AsyncGenerator<StoreRow, void, undefined> {
    return this.scan({});
  }

  /**
   * Rows of a range of keys and times, as `all`. With `minOffset` only the rows of its partition.
   *
   * @example
   * ```ts
   * import { Millrace } from "../sdk/index.ts";
   *
   * const client = new Millrace({ url: "http://127.0.0.1:8787" });
   * const totals = client.pipelines.store("totals", "by-customer");
   * for await (const { key, value } of totals.scan({ prefix: "ada." })) console.log(key, value);
   * ```
   */
  async *scan(range: StoreRange & Freshness): AsyncGenerator<StoreRow, void, undefined> {
    let cursor: string | undefined;
    do {
      const page: StorePage = await this.#read({ ...range, cursor, limit: MAX_PAGE });
      yield* page.entries ?? page.windows ?? [];
      cursor = page.cursor;
    } while (cursor !== undefined);
  }

  /**
   * What the store holds and then what changes in it, without end: for each partition pages of a snapshot, then its changes.
   * A row is never told as it was before; between the snapshot and the changes nothing is missed, nor when a connection
   * ends: it is made anew behind the last event. A partition whose changes since then are not known any more (10 minutes
   * without a follower, 16 MB of changes, a reset of the pipeline) begins anew, with `reset`.
   *
   * @example
   * ```ts
   * import { Millrace } from "../sdk/index.ts";
   *
   * const client = new Millrace({ url: "http://127.0.0.1:8787" });
   * const totals = new Map<string, unknown>();
   * for await (const event of client.pipelines.store("totals", "by-customer").follow({ partition: 0 })) {
   *   if (event.type === "changes") {
   *     for (const row of event.changes) {
   *       if ("removed" in row) totals.delete(row.key);
   *       else totals.set(row.key, row.value);
   *     }
   *   } else {
   *     if (event.reset) totals.clear();
   *     for (const { key, value } of event.rows) totals.set(key, value);
   *     if (event.ready) break;
   *   }
   * }
   * ```
   */
  follow(options: FollowOptions = {}): AsyncGenerator<StoreEvent, void, undefined> {
    return followStore(this.#transport, [...this.#path, this.#name, "changes"], options);
  }

  async #all(query: Query): Promise<readonly StoreRow[]> {
    const all: StoreRow[] = [];
    let cursor: string | undefined;
    do {
      const page: StorePage = await this.#read({ ...query, cursor });
      all.push(...(page.windows ?? page.entries ?? []));
      cursor = page.cursor;
    } while (cursor !== undefined);
    return all;
  }

  #read<T>(query: Query): Promise<T> {
    return this.#transport.json<T>({ method: "GET", path: [...this.#path, this.#name], query });
  }

  #severalRows({ windows }: StorePage): StreamError {
    const instead =
      windows === undefined ? "several rows of a key: call entries(key)" : "windows: call windows(key, { from, to })";
    return new StreamError(`store ${this.#name} has ${instead}, not get`, {
      code: "invalid_request",
      retriable: false,
    });
  }

  /** `not_found` does not say whether it is the key or the store that is missing: asked once for a store. */
  async #known(): Promise<boolean> {
    if (this.#exists) return true;
    const { stores } = await this.#transport.json<{ stores: readonly StoreDescription[] }>({
      method: "GET",
      path: this.#path,
    });
    this.#exists = stores.some((store) => store.name === this.#name);
    return this.#exists;
  }
}
