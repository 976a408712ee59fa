import { assert } from "../assert.ts";
import type { CacheMemory } from "./cache-memory.ts";
import { PartialGroup, WholeGroup, type GroupHome, type OrderedGroup } from "./ordered-group.ts";
import {
  bucketOf,
  type AtRange,
  type OrderedChange,
  type OrderedItem,
  type OrderedPlace,
  type OrderedRows,
} from "./ordered-rows.ts";
import type { StoredValue } from "./state-store.ts";
import type { Undoable, UndoLog } from "./undo-log.ts";

/** A group above either is not loaded: its ranges are read from the StateStore, and what was changed merged in. */
export const MAX_GROUP_ROWS = 256;
export const MAX_GROUP_CHARACTERS = 250_000;

const NO_ITEMS: readonly OrderedItem[] = [];

/** While `complete`, every group of it that has rows is here. */
class Bucket {
  readonly groups = new Map<string, OrderedGroup>();
  complete: boolean;

  constructor(complete: boolean) {
    this.complete = complete;
  }
}

export type OrderedRange = Omit<AtRange, "maxCharacters">;

export interface OrderedStoreParts {
  readonly name: string;
  readonly rows: OrderedRows;
  readonly undo: UndoLog;
  readonly memory: CacheMemory;
  /** Runs a call of the StateStore, and remembers that it threw. */
  readonly guard: <T>(call: () => T) => T;
  readonly expiredBefore: number;
}

/**
 * An ordered store through the cache: rows of a key in (at, seq) order. Changes, the bound of `expire` too, are in memory
 * until the flush and undone with the record. What a read answered does not change afterwards. Keys are well-formed
 * text, `at` is a safe integer, `seq` one from 0.
 */
export class OrderedStore implements GroupHome, Undoable {
  readonly name: string;
  readonly undoLog: UndoLog;
  readonly memory: CacheMemory;
  /** Memory is better for an early write. */
  overgrown = false;
  readonly #rows: OrderedRows;
  readonly #guard: OrderedStoreParts["guard"];
  readonly #bucketMs: number;
  readonly #buckets = new Map<number, Bucket>();
  /** Of `#buckets`, ascending. Every bucket that has rows anywhere is among them. */
  readonly #numbers: number[] = [];
  readonly #changed: OrderedGroup[] = [];
  #expiredBefore: number;
  /** What the StateStore was told. */
  #flushedBefore: number;

  constructor({ name, rows, undo, memory, guard, expiredBefore }: OrderedStoreParts) {
    this.name = name;
    this.undoLog = undo;
    this.memory = memory;
    this.#rows = rows;
    this.#guard = guard;
    this.#expiredBefore = this.#flushedBefore = expiredBefore;
    this.#bucketMs = guard(() => rows.bucketMs(name));
    for (const number of guard(() => rows.buckets(name))) this.#addBucket(number, false);
  }

  /** Ends included. */
  range(key: string, range: OrderedRange): readonly OrderedItem[] {
    const { toAt, limit = Infinity, descending = false } = range;
    const fromAt = Math.max(range.fromAt, this.#expiredBefore);
    if (fromAt > toAt || limit <= 0) return NO_ITEMS;
    const first = placeOf(this.#numbers, bucketOf(fromAt, this.#bucketMs));
    const end = placeOf(this.#numbers, bucketOf(toAt, this.#bucketMs) + 1);
    let found = NO_ITEMS;
    for (let step = first; step < end && found.length < limit; step++) {
      const number = this.#numbers[descending ? first + end - 1 - step : step];
      const group = number === undefined ? undefined : this.#group(number, key);
      if (group === undefined) continue;
      const items = group.range({ fromAt, toAt, limit: limit - found.length, descending });
      found = found.length === 0 ? items : [...found, ...items];
    }
    return found;
  }

  get({ key, at, seq }: OrderedPlace): OrderedItem | undefined {
    if (at < this.#expiredBefore) return undefined;
    return this.#group(bucketOf(at, this.#bucketMs), key)?.get(at, seq);
  }

  /** A row below the bound of `expire` is lost. */
  put({ key, at, seq }: OrderedPlace, value: StoredValue): void {
    assert(Number.isSafeInteger(at) && Number.isSafeInteger(seq) && seq >= 0, `a row of ${this.name} at ${at}/${seq}`);
    if (at >= this.#expiredBefore) this.#groupFor(at, key).set(at, seq, value);
  }

  /** Puts after the rows of this `at` and answers the `seq`: one more than their largest, 0 for the first. */
  append(key: string, at: number, value: StoredValue): number {
    assert(Number.isSafeInteger(at), `a row of ${this.name} at ${at}`);
    if (at < this.#expiredBefore) return 0;
    const group = this.#groupFor(at, key);
    const seq = group.nextSeq(at);
    group.set(at, seq, value);
    return seq;
  }

  remove({ key, at, seq }: OrderedPlace): void {
    if (at >= this.#expiredBefore) this.#group(bucketOf(at, this.#bucketMs), key)?.set(at, seq, undefined);
  }

  /** From now on there is no row of any key with `at < beforeAt`. A lower bound than before changes nothing. */
  expire(beforeAt: number): void {
    assert(this.#bucketMs > 0, `store ${this.name} has one bucket for ever and cannot expire`);
    if (beforeAt <= this.#expiredBefore) return;
    this.undoLog.save(this, this.#expiredBefore);
    this.#expiredBefore = beforeAt;
  }

  undo(saved: unknown): void {
    this.#expiredBefore = saved as number;
  }

  /** For the StoreCache: writes what was changed and answers how many rows that were. */
  write(): number {
    const changes: OrderedChange[] = [];
    for (const group of this.#changed) {
      for (const { at, seq, value } of group.changes())
        if (at >= this.#expiredBefore) changes.push({ key: group.key, at, seq, value });
    }
    this.#changed.length = 0;
    this.overgrown = false;
    if (changes.length > 0) this.#guard(() => this.#rows.putMany(this.name, changes));
    return changes.length;
  }

  /** For the StoreCache, after `write`: lets go of buckets below the bound and answers how many rows the store removed. */
  letGo(): number {
    if (this.#expiredBefore === this.#flushedBefore) return 0;
    const kept = placeOf(this.#numbers, bucketOf(this.#expiredBefore, this.#bucketMs));
    for (const number of this.#numbers.splice(0, kept)) {
      for (const group of this.#buckets.get(number)?.groups.values() ?? []) {
        group.expired = true;
        this.memory.grow(-group.bytes);
      }
      this.#buckets.delete(number);
    }
    this.#flushedBefore = this.#expiredBefore;
    return this.#guard(() => this.#rows.expire(this.name, this.#expiredBefore));
  }

  changing(group: OrderedGroup): void {
    this.#changed.push(group);
  }

  leave(group: OrderedGroup): void {
    const bucket = this.#buckets.get(group.bucket);
    bucket?.groups.delete(group.key);
    if (bucket !== undefined && !group.empty) bucket.complete = false;
  }

  /** `undefined`: the key has no rows in the bucket. */
  #group(number: number, key: string): OrderedGroup | undefined {
    const bucket = this.#buckets.get(number);
    const known = bucket?.groups.get(key);
    if (known !== undefined) known.used = true;
    if (known !== undefined || bucket === undefined || bucket.complete) return known;
    return this.#keep(bucket, this.#load(number, key));
  }

  #groupFor(at: number, key: string): OrderedGroup {
    const number = bucketOf(at, this.#bucketMs);
    const known = this.#group(number, key);
    if (known !== undefined) return known;
    const bucket = this.#buckets.get(number) ?? this.#addBucket(number, true);
    return this.#keep(bucket, new WholeGroup(this, { bucket: number, key }, NO_ITEMS));
  }

  #load(number: number, key: string): OrderedGroup {
    const fromAt = this.#bucketMs === 0 ? -Infinity : number * this.#bucketMs;
    const toAt = this.#bucketMs === 0 ? Infinity : fromAt + this.#bucketMs - 1;
    const stored = (range: AtRange): readonly OrderedItem[] =>
      this.#guard(() =>
        this.#rows.range(this.name, key, {
          ...range,
          fromAt: Math.max(range.fromAt, fromAt),
          toAt: Math.min(range.toAt, toAt),
        }),
      );
    const items = stored({ fromAt, toAt, limit: MAX_GROUP_ROWS + 1, maxCharacters: MAX_GROUP_CHARACTERS });
    const characters = items.reduce((sum, { value }) => sum + value.length, 0);
    const large = items.length > MAX_GROUP_ROWS || characters > MAX_GROUP_CHARACTERS;
    const place = { bucket: number, key };
    return large ? new PartialGroup(this, place, stored) : new WholeGroup(this, place, items);
  }

  #keep(bucket: Bucket, group: OrderedGroup): OrderedGroup {
    bucket.groups.set(group.key, group);
    this.memory.keep(group);
    return group;
  }

  #addBucket(number: number, complete: boolean): Bucket {
    const bucket = new Bucket(complete);
    this.#buckets.set(number, bucket);
    this.#numbers.splice(placeOf(this.#numbers, number), 0, number);
    return bucket;
  }
}

/** Of the first number that is not smaller. From the end: what is read and written is mostly new. */
function placeOf(numbers: readonly number[], wanted: number): number {
  let place = numbers.length;
  while (place > 0 && (numbers[place - 1] ?? wanted) >= wanted) place--;
  return place;
}
