import type { Operator, Output } from "./operator.ts";
import { StreamRecord } from "./stream-record.ts";
import type { RowStore } from "./table-row.ts";

/** Keeps the rows of a table of another task by its changes, and passes these on. */
export class TableCopy implements Operator {
  readonly name: string;
  readonly #rows: RowStore;
  readonly #output: Output;

  constructor(name: string, rows: RowStore, output: Output) {
    this.name = name;
    this.#rows = rows;
    this.#output = output;
  }

  process(record: StreamRecord): void {
    const { timestampMs, origin } = record;
    const { before } = this.#rows.put(record, record.payload);
    this.#output.forward(new StreamRecord(record.key, record.payload, { timestampMs, origin, replaces: before }));
  }
}
