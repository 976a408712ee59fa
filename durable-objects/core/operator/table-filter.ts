import type { TableFilterNode } from "../../../schema/plan.ts";
import type { Operator, Output } from "./operator.ts";
import { type Payload, TOMBSTONE } from "./payload.ts";
import { StreamRecord } from "./stream-record.ts";
import { ofReplaced, type RowStore } from "./table-row.ts";

/**
 * The rows for which the predicate is truthy. A row that no longer matches leaves with a tombstone; one that did not match
 * before either sends nothing (KTableFilter, over a parent with a store). Tombstones are not shown to the predicate.
 */
export class TableFilter implements Operator {
  readonly name: string;
  readonly #predicate: TableFilterNode["predicate"];
  readonly #rows: RowStore | undefined;
  readonly #output: Output;

  constructor(node: TableFilterNode, rows: RowStore | undefined, output: Output) {
    this.name = node.name;
    this.#predicate = node.predicate;
    this.#rows = rows;
    this.#output = output;
  }

  process(record: StreamRecord): void {
    const row = this.#kept(record.payload, record);
    if (this.#rows !== undefined) {
      const stored = this.#rows.put(record, row);
      this.#send(record, stored.row, stored.before);
    } else if (row !== TOMBSTONE && !this.#output.readsBefore) this.#output.forward(record);
    else {
      const { before = TOMBSTONE } = record;
      this.#send(
        record,
        row,
        ofReplaced(() => this.#kept(before, record), TOMBSTONE),
      );
    }
  }

  #send(record: StreamRecord, row: Payload, replaces: Payload): void {
    if (row === TOMBSTONE && replaces === TOMBSTONE) return;
    const { timestampMs, origin } = record;
    this.#output.forward(new StreamRecord(record.key, row, { timestampMs, origin, replaces }));
  }

  #kept(payload: Payload, { key }: StreamRecord): Payload {
    const predicate = this.#predicate;
    const value = payload.value();
    return value !== null && predicate(value, key) ? payload : TOMBSTONE;
  }
}
