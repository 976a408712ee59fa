import { COLUMN_NAME_PATTERN, MAX_COLUMNS, TABLE_NAME_PATTERN } from "../../schema/limits.ts";
import type { SinkFor } from "./sink.ts";

/** What a column of each type takes: objects in TEXT are kept as JSON text, booleans in INTEGER as 0 and 1. */
interface ColumnValues {
  readonly TEXT: string | object;
  readonly INTEGER: number | bigint | boolean;
  readonly REAL: number;
  readonly BLOB: Uint8Array;
}

/**
 * The columns of a D1 table, in order, with their types.
 *
 * @example
 * import type { Columns } from "../sdk/streams/index.ts";
 *
 * const columns = { id: "TEXT", total: "REAL" } as const satisfies Columns;
 */
export type Columns = { readonly [column: string]: keyof ColumnValues };

/**
 * The rows that a D1 sink takes: every column, null where it is not of the primary key.
 *
 * @example
 * import type { Row } from "../sdk/streams/index.ts";
 *
 * const row: Row<{ id: "TEXT"; total: "REAL" }, "id"> = { id: "a", total: null };
 */
export type Row<Table extends Columns, PrimaryKey extends keyof Table> = {
  readonly [Column in keyof Table]: ColumnValues[Table[Column]] | (Column extends PrimaryKey ? never : null);
};

/**
 * A table of the D1 database bound as `DB`: values are rows, written as upserts by primary key, each once. The table is
 * created when it is missing. It takes rows with any key, also windowed ones. A row with a field that is no column, or a
 * number that its column would change, goes to the dead-letter topic.
 *
 * @example
 * import { d1, pipeline } from "../sdk/streams/index.ts";
 *
 * pipeline("totals", ({ stream }) =>
 *   stream<{ amount: number }>("orders")
 *     .groupByKey()
 *     .aggregate(() => 0, (total, order) => total + order.amount, { store: "totals" })
 *     .toStream()
 *     .mapValues((total, customer) => ({ customer, total }))
 *     .to(d1("totals", { columns: { customer: "TEXT", total: "REAL" }, primaryKey: ["customer"] })),
 * );
 */
export function d1<const Table extends Columns, const PrimaryKey extends keyof Table & string>(
  table: string,
  options: { readonly columns: Table; readonly primaryKey: readonly [PrimaryKey, ...PrimaryKey[]] },
): SinkFor<Row<Table, PrimaryKey>> {
  if (!TABLE_NAME_PATTERN.test(table)) {
    throw new Error(
      `"${table}" is not a table name. Use up to 63 letters, digits and _, a letter or _ first, and none of the prefixes sqlite_, millrace_ and _cf_.`,
    );
  }
  const columns = Object.keys(options.columns);
  if (columns.length > MAX_COLUMNS) {
    throw new Error(
      `Table "${table}" has ${columns.length} columns, above D1's ${MAX_COLUMNS}. Put some into one JSON column.`,
    );
  }
  for (const column of columns) {
    if (!COLUMN_NAME_PATTERN.test(column)) {
      throw new Error(
        `"${column}" is not a column name (table "${table}"). Use up to 63 letters, digits and _, a letter or _ first.`,
      );
    }
  }
  const unknown = options.primaryKey.find((column) => !Object.hasOwn(options.columns, column));
  if (unknown !== undefined || options.primaryKey.length === 0) {
    throw new Error(
      `The primary key of table "${table}" must be columns of it: ${JSON.stringify(options.primaryKey)} against ${columns.join(", ")}.`,
    );
  }
  return { sink: { kind: "d1", table, columns: options.columns, primaryKey: options.primaryKey } };
}
