import type { GlobalJoinNode } from "../../../schema/plan.ts";
import type { Operator, Output, Runtime } from "./operator.ts";
import { checkKey, storeKey } from "./record-key.ts";
import { returnedValue } from "./returned.ts";
import { StreamRecord } from "./stream-record.ts";
import type { Rows } from "./table-rows.ts";

/** Joins each record of a stream with the row of a global table that it names (KStreamGlobalKTableJoin). */
export class GlobalJoin implements Operator {
  readonly name: string;
  readonly #node: GlobalJoinNode;
  readonly #rows: Rows;
  readonly #runtime: Runtime;
  readonly #output: Output;

  constructor(
    { node, rows }: { readonly node: GlobalJoinNode; readonly rows: Rows },
    runtime: Runtime,
    output: Output,
  ) {
    this.name = node.name;
    this.#node = node;
    this.#rows = rows;
    this.#runtime = runtime;
    this.#output = output;
  }

  process(record: StreamRecord): void {
    const { join, joiner } = this.#node;
    const named = record.value === null ? null : this.#named(record);
    if (record.value === null || (named === null && join === "inner")) {
      this.#runtime.tally.droppedRecords++;
      return;
    }
    const row = named === null ? undefined : this.#rows.get(named, Infinity);
    if (row === undefined && join === "inner") return;
    const joined = returnedValue(joiner(record.value, row?.payload.value() ?? null, record.key), this.name);
    this.#output.forward(new StreamRecord(record.key, joined, record));
  }

  #named({ value, key, context }: StreamRecord): string | null {
    const { key: selector } = this.#node;
    const named = checkKey(selector(value, key, context), this.name);
    return named === null ? null : storeKey(named, this.name);
  }
}
