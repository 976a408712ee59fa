import type { ForeignKeyJoinNode } from "../../../schema/plan.ts";
import type { CachedStore } from "../store/store-cache.ts";
import type { SentPlace, SentRow } from "./foreign-key-message.ts";
import type { Operator, Output, Runtime } from "./operator.ts";
import { LivePayload } from "./payload.ts";
import { checkKey, storeKey } from "./record-key.ts";
import { StreamRecord } from "./stream-record.ts";
import { rowKey } from "./table-row.ts";

/** Which key a left row names, and its place there; null for one that names none. */
type Sent = readonly [foreignKey: string, ...place: SentPlace] | null;

/** No key of a row, which is in the other store. */
const NEXT = "next";

export interface ForeignKeySendParts {
  readonly node: { readonly name: string; readonly join: ForeignKeyJoinNode };
  /** By left key. */
  readonly sent: CachedStore;
  /** The number of the next row sent. */
  readonly numbers: CachedStore;
}

/**
 * Sends each change of a left row to the row that it names, and word to the one that it named before. Every change has a
 * number of its own, by which its result is newer than those of the changes before it.
 */
export class ForeignKeySend implements Operator {
  readonly name: string;
  readonly #join: ForeignKeyJoinNode;
  readonly #sent: CachedStore;
  readonly #numbers: CachedStore;
  readonly #runtime: Runtime;
  readonly #output: Output;

  constructor({ node, sent, numbers }: ForeignKeySendParts, runtime: Runtime, output: Output) {
    this.name = node.name;
    this.#join = node.join;
    this.#sent = sent;
    this.#numbers = numbers;
    this.#runtime = runtime;
    this.#output = output;
  }

  process(change: StreamRecord): void {
    const { cache } = this.#runtime;
    const key = storeKey(rowKey(change), this.name);
    const entry = cache.entry(this.#sent, key);
    const before = entry.value === undefined ? undefined : (JSON.parse(entry.value.value) as Sent);
    const { value: row, timestampMs } = change;
    if (row === null && before === undefined) return;
    const foreignKey = row === null ? null : this.#foreignKey(row, key);
    const version = this.#next();
    const named = before?.[0];
    if (before && named !== foreignKey) this.#send(before[0], ["remove", [before[1], before[2]]], change);
    // A row that goes on naming the same key keeps its place there.
    const place: SentPlace =
      before && named === foreignKey ? [before[1], before[2]] : [version, change.origin.partition];
    if (foreignKey === null) this.#send(key, ["alone", key, version, row], change);
    else this.#send(foreignKey, ["put", place, key, version, row], change);
    const sent: Sent = foreignKey === null ? null : [foreignKey, ...place];
    cache.write(entry, row === null ? undefined : { value: JSON.stringify(sent), timestampMs });
  }

  #foreignKey(row: unknown, key: string): string | null {
    const named = checkKey(this.#join.foreignKey(row, key), this.name);
    return named === null ? null : storeKey(named, this.name);
  }

  #next(): number {
    const { cache } = this.#runtime;
    const entry = cache.entry(this.#numbers, NEXT);
    const next = Number(entry.value?.value ?? 0);
    cache.write(entry, { value: `${next + 1}`, timestampMs: 0 });
    return next;
  }

  #send(key: string, message: SentRow, change: StreamRecord): void {
    this.#output.forward(new StreamRecord(key, new LivePayload(message), change));
  }
}
