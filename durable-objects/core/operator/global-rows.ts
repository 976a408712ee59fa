import { MAX_GLOBAL_TABLE_BYTES } from "../../../schema/limits.ts";
import { boundedState } from "../store/state-value.ts";
import type { CachedStore } from "../store/store-cache.ts";
import type { Operator, Runtime } from "./operator.ts";
import { storeKey } from "./record-key.ts";
import type { StreamRecord } from "./stream-record.ts";

export interface GlobalRowsParts {
  readonly name: string;
  readonly rows: CachedStore;
  readonly size: CachedStore;
}

const SIZE = "bytes";
const encoder = new TextEncoder();

/**
 * The rows of a global table in one task: the last value of each key, null removes it. Every partition has them all, so
 * the table is bounded; one that grows beyond that stops the task. A null key is dropped and counted.
 */
export class GlobalRows implements Operator {
  readonly name: string;
  readonly #rows: CachedStore;
  readonly #size: CachedStore;
  readonly #runtime: Runtime;

  constructor({ name, rows, size }: GlobalRowsParts, runtime: Runtime) {
    this.name = name;
    this.#rows = rows;
    this.#size = size;
    this.#runtime = runtime;
  }

  process({ key, value, payload, timestampMs }: StreamRecord): void {
    if (key === null) {
      this.#runtime.tally.droppedRecords++;
      return;
    }
    const { cache } = this.#runtime;
    const text = value === null ? undefined : boundedState(payload.json("state"), "state");
    const entry = cache.entry(this.#rows, storeKey(key, this.name));
    const grown = bytesOf(entry.key, text) - bytesOf(entry.key, entry.value?.value);
    cache.write(entry, text === undefined ? undefined : { value: text, timestampMs });
    if (grown !== 0) this.#grow(grown);
  }

  #grow(bytes: number): void {
    const { cache } = this.#runtime;
    const entry = cache.entry(this.#size, SIZE);
    const size = Number(entry.value?.value ?? 0) + bytes;
    if (size > MAX_GLOBAL_TABLE_BYTES) {
      this.#runtime.stop(
        `the global table of ${this.name} has ${size} bytes, above ${MAX_GLOBAL_TABLE_BYTES}, in every partition. ` +
          "Read the topic as a table and give the stream its keys with selectKey.",
      );
    }
    cache.write(entry, { value: `${size}`, timestampMs: 0 });
  }
}

function bytesOf(key: string, text: string | undefined): number {
  return text === undefined ? 0 : encoder.encode(key).length + encoder.encode(text).length;
}
