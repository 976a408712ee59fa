import { MAX_PAGE } from "../schema/limits.ts";
import type { StoreDescription } from "../schema/rpc.ts";
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
  /** The value reflects every record of this partition of the store's input below `offset`. */
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** A row of `[start, end)`, ms since epoch; both are absent in stores without windows. */
export interface StoreRow {
  readonly key: string;
  readonly value: unknown;
  readonly start?: number | undefined;
  readonly end?: number | undefined;
}

export interface StoreWindow extends StoreRow {
  readonly start: number;
  readonly end: number;
}

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

  /** Undefined for a key the store does not hold. Rejects with `not_found` for a pipeline or store that is not there. */
  async get(key: string, freshness: Freshness = {}): Promise<StoreEntry | undefined> {
    try {
      return await this.#read<StoreEntry>({ ...freshness, key });
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
    const all: StoreWindow[] = [];
    let cursor: string | undefined;
    do {
      const page: StorePage = await this.#read({ ...range, key, cursor });
      all.push(...(page.windows ?? []));
      cursor = page.cursor;
    } while (cursor !== undefined);
    return all;
  }

  /**
   * Every row, page by page: each page is as it was when read, so a store that changes meanwhile is not one snapshot.
   *
   * @example
   * ```ts
   * import { Millrace } from "../sdk/index.ts";
   *
   * const client = new Millrace({ url: "http://127.0.0.1:8787" });
   * for await (const { key, value } of client.pipelines.store("totals", "by-customer").all()) console.log(key, value);
   * ```
   */
  async *all(): AsyncGenerator<StoreRow, void, undefined> {
    let cursor: string | undefined;
    do {
      const page: StorePage = await this.#read({ cursor, limit: MAX_PAGE });
      yield* page.entries ?? page.windows ?? [];
      cursor = page.cursor;
    } while (cursor !== undefined);
  }

  #read<T>(query: { readonly [name: string]: string | number | undefined }): Promise<T> {
    return this.#transport.json<T>({ method: "GET", path: [...this.#path, this.#name], query });
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
