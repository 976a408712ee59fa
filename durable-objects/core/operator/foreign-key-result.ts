import { stateText } from "../store/state-value.ts";
import type { CachedStore } from "../store/store-cache.ts";
import type { ResultRow } from "./foreign-key-message.ts";
import type { Operator, Output, Runtime } from "./operator.ts";
import { storeKey } from "./record-key.ts";
import type { StreamRecord } from "./stream-record.ts";
import { rowKey } from "./table-row.ts";
import { Updates } from "./updates.ts";

export interface ForeignKeyResultParts {
  readonly name: string;
  readonly rows: CachedStore;
  readonly versions: CachedStore;
}

/**
 * The rows of a foreign-key join. Results of one left row come from where it is and was joined, in any order: the newest
 * version counts, and is remembered also when the row is gone.
 */
export class ForeignKeyResult implements Operator {
  readonly name: string;
  readonly #rows: CachedStore;
  readonly #versions: CachedStore;
  readonly #runtime: Runtime;
  readonly #updates: Updates;

  constructor({ name, rows, versions }: ForeignKeyResultParts, runtime: Runtime, output: Output) {
    this.name = name;
    this.#rows = rows;
    this.#versions = versions;
    this.#runtime = runtime;
    this.#updates = new Updates(runtime, output);
  }

  process(result: StreamRecord): void {
    const { cache } = this.#runtime;
    const { timestampMs } = result;
    const key = storeKey(rowKey(result), this.name);
    const [version, row] = result.value as ResultRow;
    const known = cache.entry(this.#versions, key);
    if (known.value !== undefined && version < Number(known.value.value)) return;
    cache.write(known, { value: `${version}`, timestampMs: 0 });
    const entry = cache.entry(this.#rows, key);
    const before = entry.value?.value;
    const text = row === null ? undefined : stateText(row, "state");
    if (text === undefined && before === undefined) return;
    cache.write(entry, text === undefined ? undefined : { value: text, timestampMs });
    if (text === undefined) this.#updates.withdraw(key, { before, timestampMs }, result);
    else this.#updates.emit(key, { text, before, timestampMs }, result);
  }

  endBatch(): void {
    this.#updates.endBatch();
  }
}
