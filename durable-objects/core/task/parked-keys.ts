import type { ConsumerRecord } from "../../../schema/record.ts";
import type { CachedStore, StateEntry, StoreCache } from "../store/store-cache.ts";
import { recordOfText, recordText } from "./parked-record.ts";

/** No user's store has this name. */
export const PARKED_STORE = "parked:";
/** Of the text of a record in one row: a large one takes two. */
const PIECE_CHARACTERS = 1_500_000;

/** Of what waits of a key: records, and the text of them. */
export interface WaitingBounds {
  readonly records: number;
  readonly characters: number;
}

/** Numbers of the records of a key that wait: `[first, end)`. */
interface Waiting {
  readonly first: number;
  readonly end: number;
}

/**
 * Keys of which a record failed, each with its records that wait, in the order of the log (ERR-4). They are kept here and not
 * only in the dead-letter topic: what waits must neither run out there nor come back in another order.
 */
export class ParkedKeys {
  readonly #cache: StoreCache;
  readonly #store: CachedStore;

  constructor(cache: StoreCache) {
    this.#cache = cache;
    this.#store = cache.open(PARKED_STORE, "keyValue");
  }

  count(key: string): number {
    const { first, end } = this.#waiting(key);
    return end - first;
  }

  /** The one that failed: it is the next to be tried. */
  first(key: string): ConsumerRecord | undefined {
    return this.next(key, 1)[0];
  }

  /** How many of them are no more than that, in their order: the first one always is. */
  within(key: string, { records, characters }: WaitingBounds): number {
    const { first, end } = this.#waiting(key);
    const most = Math.min(records, end - first);
    let left = characters;
    for (let count = 0; count < most; count++) {
      left -= this.#text(key, first + count).length;
      if (left < 0 && count > 0) return count;
    }
    return most;
  }

  /** At most so many, in their order. */
  next(key: string, most: number): ConsumerRecord[] {
    const { first, end } = this.#waiting(key);
    return Array.from({ length: Math.min(most, end - first) }, (_, at) => this.#record(key, first + at));
  }

  #record(key: string, number: number): ConsumerRecord {
    return recordOfText(this.#text(key, number));
  }

  #text(key: string, number: number): string {
    let text = "";
    for (let at = 0; ; at++) {
      const { value } = this.#entry(key, number, at);
      if (value === undefined) return text;
      text += value.value;
    }
  }

  park(key: string, record: ConsumerRecord): void {
    const { first, end } = this.#waiting(key);
    const text = recordText(record);
    for (let at = 0; at * PIECE_CHARACTERS < text.length; at++) {
      const value = text.slice(at * PIECE_CHARACTERS, (at + 1) * PIECE_CHARACTERS);
      this.#cache.write(this.#entry(key, end, at), { value, timestampMs: 0 });
    }
    this.#put(key, { first, end: end + 1 });
  }

  /** The first one has been processed after all. */
  release(key: string): void {
    const { first, end } = this.#waiting(key);
    for (let at = 0; this.#entry(key, first, at).value !== undefined; at++)
      this.#cache.write(this.#entry(key, first, at), undefined);
    this.#put(key, { first: first + 1, end });
  }

  #waiting(key: string): Waiting {
    const { value } = this.#entry(key);
    return value === undefined ? { first: 0, end: 0 } : (JSON.parse(value.value) as Waiting);
  }

  #put(key: string, waiting: Waiting): void {
    const none = waiting.first === waiting.end;
    this.#cache.write(this.#entry(key), none ? undefined : { value: JSON.stringify(waiting), timestampMs: 0 });
  }

  /** Of a piece of a record of the key, or of how many records there are. */
  #entry(key: string, ...place: readonly [] | readonly [record: number, piece: number]): StateEntry {
    return this.#cache.entry(this.#store, JSON.stringify([key, ...place]));
  }
}
