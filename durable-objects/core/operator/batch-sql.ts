import type { BatchSqlNode } from "../../../schema/plan.ts";
import type { Windows } from "../../../schema/windows.ts";
import { type BatchRow, batchQuery } from "../sql/batch-query.ts";
import type { SelectPort, SqlRow } from "../sql/select-port.ts";
import { causeOf, HeldBatch } from "./held-batch.ts";
import type { Operator, Output, Runtime } from "./operator.ts";
import { returnedValue, resultOf } from "./returned.ts";
import type { StreamRecord } from "./stream-record.ts";

export interface BatchSqlParts {
  readonly node: BatchSqlNode;
  readonly select: SelectPort;
  /** Of a store of the task. */
  readonly windowsOf: (store: string) => Windows | undefined;
}

/**
 * Runs a SELECT over each micro-batch at its end. A result row is a record: its column `key`, if it has one, the key, its
 * column `timestamp` the time, the others the value.
 */
export class BatchSql implements Operator {
  readonly name: string;
  readonly #node: BatchSqlNode;
  readonly #select: SelectPort;
  readonly #windowsOf: BatchSqlParts["windowsOf"];
  readonly #held: HeldBatch;
  readonly #runtime: Runtime;
  readonly #output: Output;

  constructor({ node, select, windowsOf }: BatchSqlParts, runtime: Runtime, output: Output) {
    this.name = node.name;
    this.#node = node;
    this.#select = select;
    this.#windowsOf = windowsOf;
    this.#held = new HeldBatch(runtime.undo);
    this.#runtime = runtime;
    this.#output = output;
  }

  process(record: StreamRecord): void {
    // Read here, where its text can be wrong alone.
    record.payload.json("value");
    this.#held.add(record);
  }

  endBatch(): void {
    const records = this.#held.take();
    const from = causeOf(records, this.#runtime.origin);
    // The stores as they are with this batch in them; before the unit, which can take back only what is not written.
    this.#runtime.cache.writeEarly();
    this.#runtime.unit(
      () => records.map((record) => this.#runtime.letterOf(record)),
      () => {
        this.#runtime.trace.node = this.name;
        const { query, parameters } = batchQuery(this.#node, records.map(rowOf), (store) =>
          this.#select.relation(store, this.#windowsOf(store)),
        );
        const rows = this.#select.select(query, parameters);
        const sent = rows.map((row) => resultOf(resultFrom(row, this.name), from, this.name));
        for (const record of sent) this.#output.forward(record);
      },
    );
  }
}

function rowOf({ key, payload, timestampMs, origin }: StreamRecord): BatchRow {
  const text = key === null || typeof key === "string" ? key : key.key;
  return { key: text, value: payload.json("value"), timestampMs, offset: origin.record.offset };
}

function resultFrom(
  { key = null, timestamp, ...columns }: SqlRow,
  node: string,
): {
  key: string | null;
  value: unknown;
  timestampMs?: number;
} {
  if (key !== null && typeof key !== "string")
    throw new TypeError(`${node}: column key holds ${typeof key}; cast it to TEXT`);
  const value = Object.fromEntries(Object.entries(columns).map(([name, cell]) => [name, cellOf(cell, name, node)]));
  returnedValue(value, node);
  return typeof timestamp === "number" ? { key, value, timestampMs: timestamp } : { key, value };
}

function cellOf(cell: unknown, name: string, node: string): unknown {
  if (cell instanceof ArrayBuffer || ArrayBuffer.isView(cell))
    throw new TypeError(`${node}: column ${name} holds bytes; use hex(${name})`);
  return cell;
}
