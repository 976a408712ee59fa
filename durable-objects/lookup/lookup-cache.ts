import { LOOKUP_CACHE_BYTES } from "../../schema/limits.ts";

interface Entry {
  readonly found: string | null;
  readonly untilMs: number;
}

/** What was found for keys, or that nothing was, for a time. The entry used longest ago goes first. Never an error. */
export class LookupCache {
  readonly #entries = new Map<string, Entry>();
  readonly #most: number;
  readonly #ttlMs: number;
  #bytes = 0;

  constructor({ entries, ttlMs }: { readonly entries: number; readonly ttlMs: number }) {
    this.#most = entries;
    this.#ttlMs = ttlMs;
  }

  /** JSON text; null is known to be nothing, undefined is not known. */
  get(key: string, nowMs: number): string | null | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#remove(key);
    if (entry.untilMs <= nowMs) return undefined;
    this.#put(key, entry);
    return entry.found;
  }

  set(key: string, found: string | null, nowMs: number): void {
    this.#remove(key);
    this.#put(key, { found, untilMs: nowMs + this.#ttlMs });
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#most && this.#bytes <= LOOKUP_CACHE_BYTES) return;
      this.#remove(oldest);
    }
  }

  #put(key: string, entry: Entry): void {
    this.#entries.set(key, entry);
    this.#bytes += bytesOf(key, entry);
  }

  #remove(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    this.#bytes -= bytesOf(key, entry);
  }
}

/** V8 keeps most JSON with a byte a character, and some with two. */
function bytesOf(key: string, { found }: Entry): number {
  return 2 * (key.length + (found?.length ?? 0)) + 100;
}
