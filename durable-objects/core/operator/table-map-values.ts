import type { TableMapValuesNode } from "../../../schema/plan.ts";
import type { Operator, Output } from "./operator.ts";
import { type Payload, TOMBSTONE } from "./payload.ts";
import { returnedValue } from "./returned.ts";
import { StreamRecord } from "./stream-record.ts";
import { ofReplaced, type RowStore } from "./table-row.ts";

/**
 * A new value for each row. Tombstones pass by the mapper; null from it is one. Without a store the value before is made
 * again, when somebody behind reads it (KTableMapValues).
 */
export class TableMapValues implements Operator {
  readonly name: string;
  readonly #mapper: TableMapValuesNode["mapper"];
  readonly #rows: RowStore | undefined;
  readonly #output: Output;

  constructor(node: TableMapValuesNode, rows: RowStore | undefined, output: Output) {
    this.name = node.name;
    this.#mapper = node.mapper;
    this.#rows = rows;
    this.#output = output;
  }

  process(record: StreamRecord): void {
    const { timestampMs, origin } = record;
    const mapped = this.#mapped(record.payload, record);
    if (this.#rows !== undefined) {
      const { row, before } = this.#rows.put(record, mapped);
      return this.#output.forward(new StreamRecord(record.key, row, { timestampMs, origin, replaces: before }));
    }
    const { before = TOMBSTONE } = record;
    const replaces = this.#output.readsBefore ? ofReplaced(() => this.#mapped(before, record), TOMBSTONE) : undefined;
    this.#output.forward(new StreamRecord(record.key, mapped, { timestampMs, origin, replaces }));
  }

  #mapped(payload: Payload, { key }: StreamRecord): Payload {
    const mapper = this.#mapper;
    const value = payload.value();
    return value === null ? TOMBSTONE : returnedValue(mapper(value, key), this.name);
  }
}
