import { assert } from "../core/assert.ts";
import type { SelectPort, SqlRow } from "../core/sql/select-port.ts";

/** A SELECT over one task's stores, inside the transaction that is open. */
export class SqlSelect implements SelectPort {
  readonly #sql: SqlStorage;
  readonly #task: number;

  constructor(sql: SqlStorage, task: number) {
    this.#sql = sql;
    this.#task = task;
  }

  relation(store: string): string {
    const query = "SELECT id, kind FROM store WHERE task = ? AND name = ?";
    const [row] = this.#sql.exec<{ id: number; kind: string }>(query, this.#task, store).toArray();
    assert(row !== undefined && row.kind !== "ordered", `store ${store} has rows that a SELECT can read`);
    const columns = "CAST(key AS TEXT) AS key, value ->> '$' AS value, timestamp";
    if (row.kind === "window") return `SELECT ${columns}, start FROM window_state WHERE store = ${row.id}`;
    return `SELECT ${columns} FROM key_value WHERE store = ${row.id}`;
  }

  select(query: string, parameters: readonly (string | number | null)[]): readonly SqlRow[] {
    return this.#sql.exec<Record<string, SqlStorageValue>>(query, ...parameters).toArray();
  }
}
