// Where the records of a plan go.
import type { PlanKey, RecordContext, ValueFormat } from "./plan.ts";

export type Sink = TopicSink | D1Sink | R2Sink;

export interface TopicSink {
  readonly kind: "topic";
  readonly topic: string;
  readonly format: ValueFormat;
}

/** Upserts by primary key. The table is created when it is missing. */
export interface D1Sink {
  readonly kind: "d1";
  readonly table: string;
  readonly columns: { readonly [column: string]: ColumnType };
  readonly primaryKey: readonly string[];
}

/** Files of one line a record under `<prefix>/<path>/`. */
export interface R2Sink {
  readonly kind: "r2";
  readonly prefix: string;
  readonly path: (value: unknown, key: PlanKey, context: RecordContext) => string;
  /** A file is closed when its first record has waited this long, ms. */
  readonly rollMs: number;
  readonly maxFileBytes: number;
}

export type ColumnType = "TEXT" | "INTEGER" | "REAL" | "BLOB";
