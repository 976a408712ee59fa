import type { StreamTableJoinNode } from "../../../schema/plan.ts";
import type { OperatorClock } from "./clock.ts";
import { utf8 } from "./key-text.ts";
import type { Operator, Output, Runtime, Unsent } from "./operator.ts";
import { storeKey } from "./record-key.ts";
import { returnedValue } from "./returned.ts";
import { type Origin, StreamRecord } from "./stream-record.ts";
import type { Rows } from "./table-rows.ts";
import type { WaitingRecords } from "./waiting-records.ts";

const encoder = new TextEncoder();

/** Where records wait until the stream's time has passed their own by the grace. */
export interface JoinGrace {
  readonly graceMs: number;
  /** Of the stream alone. */
  readonly clock: OperatorClock;
  readonly waiting: WaitingRecords;
}

export interface StreamTableJoinParts {
  readonly node: StreamTableJoinNode;
  readonly rows: Rows;
  readonly grace: JoinGrace | undefined;
}

/** Joins each record of a stream with a row of a table; changes of the table bring nothing (KStreamKTableJoin). */
export class StreamTableJoin implements Operator {
  readonly name: string;
  readonly #node: StreamTableJoinNode;
  readonly #rows: Rows;
  readonly #grace: JoinGrace | undefined;
  readonly #runtime: Runtime;
  readonly #output: Output;

  constructor({ node, rows, grace }: StreamTableJoinParts, runtime: Runtime, output: Output) {
    this.name = node.name;
    this.#node = node;
    this.#rows = rows;
    this.#grace = grace;
    this.#runtime = runtime;
    this.#output = output;
  }

  process(record: StreamRecord): void {
    if (record.value === null || (record.key === null && this.#node.join === "inner")) {
      this.#runtime.tally.droppedRecords++;
      return;
    }
    const { timestampMs, origin } = record;
    const key = record.key === null ? null : storeKey(record.key, this.name);
    if (this.#grace === undefined || key === null) return this.#join(key, record.value, { timestampMs, origin });
    const { clock, graceMs, waiting } = this.#grace;
    clock.advance(timestampMs);
    if (timestampMs < clock.streamTimeMs - graceMs) this.#join(key, record.value, { timestampMs, origin });
    else waiting.add(key, record);
    this.#release(this.#grace);
  }

  timeMoved(): void {
    if (this.#grace !== undefined && this.#grace.clock.streamTimeMs > -Infinity) this.#release(this.#grace);
  }

  unsent(): Unsent | undefined {
    const fromMs = this.#grace?.waiting.firstMs;
    return fromMs === undefined ? undefined : { fromMs, dueMs: fromMs + (this.#grace?.graceMs ?? 0) };
  }

  /** Each as a unit of its own: the record that moved the time has nothing to do with it. */
  #release({ clock, graceMs, waiting }: JoinGrace): void {
    const { origin } = this.#runtime;
    for (const { key, timestampMs, value } of waiting.take(clock.streamTimeMs - graceMs)) {
      this.#runtime.trace.node = this.name;
      this.#runtime.unit(
        () => ({
          key: utf8(key),
          value: encoder.encode(JSON.stringify(value)),
          timestampMs,
          headers: [],
          offset: origin.record.offset,
        }),
        () => this.#join(key, value, { timestampMs, origin }),
      );
    }
  }

  #join(key: string | null, value: unknown, from: { readonly timestampMs: number; readonly origin: Origin }): void {
    const row = key === null ? undefined : this.#rows.get(key, from.timestampMs);
    if (row === undefined && this.#node.join === "inner") return;
    const { joiner } = this.#node;
    this.#runtime.trace.node = this.name;
    const joined = returnedValue(joiner(value, row?.payload.value() ?? null, key), this.name);
    this.#output.forward(new StreamRecord(key, joined, from));
  }
}

/** The second input of a join with a table: the rows are read where they are kept. */
export class TableInput implements Operator {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }

  process(): void {
    // A change of the table brings nothing.
  }
}
