import type { Windows } from "../../schema/windows.ts";
import { assert } from "../core/assert.ts";
import { liesByKey } from "../core/plan/windows.ts";
import type { SelectPort, SqlRow } from "../core/sql/select-port.ts";
import type { SqliteOrderedRows } from "./sqlite-ordered-rows.ts";

const COLUMNS = "CAST(key AS TEXT) AS key, value ->> '$' AS value, timestamp";

/** A SELECT over one task's stores, inside the transaction that is open. */
export class SqlSelect implements SelectPort {
  readonly #sql: SqlStorage;
  readonly #task: number;
  readonly #ordered: SqliteOrderedRows;

  constructor(sql: SqlStorage, task: number, ordered: SqliteOrderedRows) {
    this.#sql = sql;
    this.#task = task;
    this.#ordered = ordered;
  }

  relation(store: string, windows: Windows | undefined): string {
    const query = "SELECT id, kind FROM store WHERE task = ? AND name = ?";
    const [row] = this.#sql.exec<{ id: number; kind: string }>(query, this.#task, store).toArray();
    assert(row !== undefined, `store ${store} has rows that a SELECT can read`);
    if (windows !== undefined && liesByKey(windows)) {
      // How these rows lie: SlidingRows and SessionRows.
      const bounds =
        windows.kind === "session"
          ? `at - seq AS start, timestamp AS "end"`
          : `at AS start, at + ${windows.differenceMs} AS "end"`;
      return `SELECT ${COLUMNS}, ${bounds} FROM (${this.#ordered.relation(store)})`;
    }
    assert(row.kind !== "ordered", `store ${store} has rows that a SELECT can read`);
    if (row.kind === "window") return `SELECT ${COLUMNS}, start FROM window_state WHERE store = ${row.id}`;
    return `SELECT ${COLUMNS} FROM key_value WHERE store = ${row.id}`;
  }

  select(query: string, parameters: readonly (string | number | null)[]): readonly SqlRow[] {
    return this.#sql.exec<Record<string, SqlStorageValue>>(query, ...parameters).toArray();
  }
}
