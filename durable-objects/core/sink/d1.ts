import { MAX_RECORD_BYTES } from "../../../schema/limits.ts";
import type { ColumnType, D1Sink } from "../../../schema/sinks.ts";
import type { StreamRecord } from "../operator/stream-record.ts";
import { jsonText } from "../store/state-value.ts";
import { LineTarget } from "./line-target.ts";
import type { Outbox } from "./outbox.ts";
import type { RecordSink } from "./record-sink.ts";

const encoder = new TextEncoder();
const COMMA = encoder.encode(",");

/**
 * A record's value, an object of columns, as a JSON array in column order: `["ATL",0,12]`. Booleans are 0 and 1, a
 * column that is not given is null, BLOB is lower-case hex (JSON has no bytes; the writer says unhex).
 */
export class D1Rows implements RecordSink {
  readonly #sink: D1Sink;
  readonly #columns: readonly (readonly [name: string, type: ColumnType])[];
  readonly #known: ReadonlySet<string>;
  readonly #outbox: Outbox;
  readonly #target: string;

  constructor(sink: D1Sink, outbox: Outbox) {
    this.#sink = sink;
    this.#columns = Object.entries(sink.columns);
    this.#known = new Set(Object.keys(sink.columns));
    this.#outbox = outbox;
    this.#target = `d1:${sink.table}`;
  }

  write(record: StreamRecord): void {
    const row = this.#row(record.value);
    const bytes = encoder.encode(row);
    if (bytes.length > MAX_RECORD_BYTES)
      throw new RangeError(`a row of ${bytes.length} bytes is above the limit of ${MAX_RECORD_BYTES}`);
    this.#outbox.put(this.#target, bytes, (target) => new LineTarget(target, COMMA));
  }

  #row(value: unknown): string {
    const { table, primaryKey } = this.#sink;
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      const found = value === null ? "null" : Array.isArray(value) ? "an array" : `a ${typeof value}`;
      throw new TypeError(`a row of table ${table} is an object of columns, not ${found}`);
    }
    const fields = value as { readonly [column: string]: unknown };
    for (const field of Object.keys(fields)) {
      if (!this.#known.has(field)) throw new TypeError(`table ${table} has no column ${field}`);
    }
    for (const column of primaryKey) {
      if ((fields[column] ?? null) === null) throw new TypeError(`primary key column ${table}.${column} is missing`);
    }
    return `[${this.#columns.map(([name, type]) => cell(fields[name], type, `${table}.${name}`)).join(",")}]`;
  }
}

/** JSON text of one value of a column. What SQLite would store as something else than the column says is refused. */
function cell(value: unknown, type: ColumnType, name: string): string {
  if (value === undefined || value === null) return "null";
  switch (type) {
    case "TEXT":
      // Objects and arrays are kept as their JSON text.
      if (typeof value === "string") return JSON.stringify(value);
      if (typeof value === "object") return JSON.stringify(jsonText(value, name));
      break;
    case "INTEGER":
      if (typeof value === "boolean") return value ? "1" : "0";
      if (Number.isSafeInteger(value)) return jsonText(value, name);
      if (typeof value === "bigint" && BigInt.asIntN(64, value) === value) return `${value}`;
      break;
    case "REAL":
      if (typeof value === "number" && Number.isFinite(value)) return jsonText(value, name);
      break;
    case "BLOB":
      if (value instanceof Uint8Array) return `"${hex(value)}"`;
      break;
  }
  throw new TypeError(
    `column ${name} is ${type}, the value is ${typeof value === "number" || typeof value === "bigint" ? value : typeof value}`,
  );
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
