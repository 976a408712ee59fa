import { boundedState } from "../store/state-value.ts";
import type { CachedStore } from "../store/store-cache.ts";
import type { Runtime } from "./operator.ts";
import { type Payload, payloadOf } from "./payload.ts";
import { storeKey } from "./record-key.ts";
import type { StreamRecord } from "./stream-record.ts";

/** Rows of a table made of another one, in a store of their own. */
export class RowStore {
  readonly #store: CachedStore;
  readonly #runtime: Runtime;
  readonly #node: string;

  /** `name`: of the node, for errors. */
  constructor({ name, store }: { readonly name: string; readonly store: CachedStore }, runtime: Runtime) {
    this.#store = store;
    this.#runtime = runtime;
    this.#node = name;
  }

  /** Puts the row in place of the one before, a tombstone removes it; answers both as they are read from the store. */
  put(record: StreamRecord, row: Payload): { readonly row: Payload; readonly before: Payload } {
    const { cache } = this.#runtime;
    const entry = cache.entry(this.#store, storeKey(rowKey(record), this.#node));
    const before = payloadOf(entry.value?.value);
    const text = row.value() === null ? undefined : boundedState(row.json("state"), "state");
    cache.write(entry, text === undefined ? undefined : { value: text, timestampMs: record.timestampMs });
    return { row: payloadOf(text), before };
  }
}

/** Rows have keys: what makes a table drops records without. */
export function rowKey({ key }: StreamRecord): Exclude<StreamRecord["key"], null> {
  if (key === null) throw new TypeError("a row of a table has no key");
  return key;
}

/**
 * What user code makes of the value that a row replaces. Where it throws it threw on that value as a row too, in a
 * micro-batch that went on without it, and nothing was sent that could be replaced.
 */
export function ofReplaced<Made>(make: () => Made, nothing: Made): Made {
  try {
    return make();
  } catch {
    return nothing;
  }
}
