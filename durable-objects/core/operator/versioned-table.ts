import type { TableNode } from "../../../schema/plan.ts";
import { boundedState } from "../store/state-value.ts";
import type { OperatorClock } from "./clock.ts";
import type { Operator, Output, Runtime } from "./operator.ts";
import { storeKey } from "./record-key.ts";
import type { StreamRecord } from "./stream-record.ts";
import { Updates } from "./updates.ts";
import type { VersionedRows } from "./versioned-rows.ts";

export interface VersionedTableParts {
  readonly node: TableNode;
  readonly rows: VersionedRows;
  readonly clock: OperatorClock;
}

/**
 * Keeps the rows of a table by their time. What is new by time goes downstream; a record out of order only changes what
 * was, and one older than the history is late. A null key is dropped and counted.
 */
export class VersionedTable implements Operator {
  readonly name: string;
  readonly #rows: VersionedRows;
  readonly #clock: OperatorClock;
  readonly #runtime: Runtime;
  readonly #updates: Updates;

  constructor({ node, rows, clock }: VersionedTableParts, runtime: Runtime, output: Output) {
    this.name = node.name;
    this.#rows = rows;
    this.#clock = clock;
    this.#runtime = runtime;
    this.#updates = new Updates(runtime, output);
  }

  process(record: StreamRecord): void {
    if (record.key === null) {
      this.#runtime.tally.droppedRecords++;
      return;
    }
    const key = storeKey(record.key, this.name);
    const { timestampMs } = record;
    const text = record.value === null ? undefined : boundedState(record.payload.json("state"), "state");
    this.#clock.advance(timestampMs);
    const before = this.#rows.textOf(key);
    const placed = this.#rows.put(key, timestampMs, text);
    if (placed === "late") this.#runtime.tally.lateRecords++;
    if (placed === "latest") this.#updates.emit(key, { text, before, timestampMs }, record);
  }

  endBatch(): void {
    this.#updates.endBatch();
  }

  expire(): void {
    this.#rows.expire();
  }
}
