import type { ForeignKeyJoinNode } from "../../../schema/plan.ts";
import { compareKeys } from "../store/key-order.ts";
import type { OrderedStore } from "../store/ordered-store.ts";
import { stateText } from "../store/state-value.ts";
import type { KeptRow, ResultRow, SentRow } from "./foreign-key-message.ts";
import { utf8 } from "./key-text.ts";
import type { Operator, Output, Runtime } from "./operator.ts";
import { LivePayload } from "./payload.ts";
import { storeKey } from "./record-key.ts";
import { StreamRecord } from "./stream-record.ts";
import { rowKey } from "./table-row.ts";
import type { Rows, TableRow } from "./table-rows.ts";

export interface ForeignKeyMatchParts {
  readonly node: { readonly name: string; readonly join: ForeignKeyJoinNode };
  /** Left rows, as KeptRow, by the key that they name and their places there. */
  readonly kept: OrderedStore;
  /** Of the right table. */
  readonly rows: Rows;
}

type MadeFrom = Pick<StreamRecord, "timestampMs" | "origin">;

const encoder = new TextEncoder();

/** Joins left rows with the row that they name: each when it comes, and all when that row changes. */
export class ForeignKeyMatch implements Operator {
  readonly name: string;
  readonly #join: ForeignKeyJoinNode;
  readonly #kept: OrderedStore;
  readonly #rows: Rows;
  readonly #runtime: Runtime;
  readonly #output: Output;

  constructor({ node, kept, rows }: ForeignKeyMatchParts, runtime: Runtime, output: Output) {
    this.name = node.name;
    this.#join = node.join;
    this.#kept = kept;
    this.#rows = rows;
    this.#runtime = runtime;
    this.#output = output;
  }

  /** A left row. */
  process(sent: StreamRecord): void {
    const named = storeKey(rowKey(sent), this.name);
    const message = sent.value as SentRow;
    const { timestampMs } = sent;
    if (message[0] === "alone")
      return this.#send(message[1], [message[2], this.#joined(message[3], undefined, message[1])], sent);
    const [at, seq] = message[1];
    if (message[0] === "remove") return this.#kept.remove({ key: named, at, seq });
    const [, , key, version, row] = message;
    this.#kept.put({ key: named, at, seq }, { value: stateText([key, version, row], "state"), timestampMs });
    this.#match([key, version, row], this.#rows.get(named, Infinity), sent);
  }

  /** The row of the right table has changed that left rows name. */
  changed(change: StreamRecord): void {
    const named = storeKey(rowKey(change), this.name);
    const right = this.#rows.get(named, Infinity);
    const kept = this.#kept.range(named, { fromAt: -Infinity, toAt: Infinity });
    const left = kept.map(({ value, timestampMs }) => ({ row: JSON.parse(value) as KeptRow, timestampMs }));
    for (const each of left.toSorted((a, b) => compareKeys(a.row[0], b.row[0]))) this.#matchAlone(each, right, change);
  }

  /** As a unit of its own: one left row that cannot be joined keeps no other from it. */
  #matchAlone(
    { row: left, timestampMs }: { readonly row: KeptRow; readonly timestampMs: number },
    right: TableRow | undefined,
    change: StreamRecord,
  ): void {
    const { origin } = change;
    this.#runtime.trace.node = this.name;
    this.#runtime.unit(
      () => ({
        key: utf8(left[0]),
        value: encoder.encode(JSON.stringify(left[2])),
        timestampMs,
        headers: [],
        offset: origin.record.offset,
      }),
      () => this.#match(left, right, { timestampMs: Math.max(timestampMs, change.timestampMs), origin }),
    );
  }

  #match([key, version, row]: KeptRow, right: TableRow | undefined, from: MadeFrom): void {
    const timestampMs = Math.max(from.timestampMs, right?.timestampMs ?? -Infinity);
    this.#send(key, [version, this.#joined(row, right, key)], { timestampMs, origin: from.origin });
  }

  #joined(row: unknown, right: TableRow | undefined, key: string): unknown {
    const { join, joiner } = this.#join;
    if (row === null || (right === undefined && join === "inner")) return null;
    this.#runtime.trace.node = this.name;
    return joiner(row, right?.payload.value() ?? null, key);
  }

  #send(key: string, result: ResultRow, from: MadeFrom): void {
    this.#output.forward(new StreamRecord(key, new LivePayload(result), from));
  }
}

/** The second input of a foreign-key join: changes of the right table, whose rows are kept already. */
export class ForeignKeyRight implements Operator {
  readonly name: string;
  readonly #match: ForeignKeyMatch;

  constructor(match: ForeignKeyMatch) {
    this.name = match.name;
    this.#match = match;
  }

  process(change: StreamRecord): void {
    this.#match.changed(change);
  }
}
