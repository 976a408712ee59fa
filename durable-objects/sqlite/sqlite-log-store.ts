import type { BatchRow, LogStore } from "../core/log/log-store.ts";
import type { Bytes } from "../../schema/record.ts";

const META = "base_offset, last_offset, max_timestamp, size, end_bytes";
type Row = [number, number, number, number, number];

function rowOf([baseOffset, lastOffset, maxTimestamp, size, endBytes]: Row): BatchRow {
  return { baseOffset, lastOffset, maxTimestamp, size, endBytes };
}

export class SqliteLogStore implements LogStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  first(): BatchRow | undefined {
    return this.#one(`SELECT ${META} FROM batch ORDER BY base_offset LIMIT 1`);
  }

  last(): BatchRow | undefined {
    return this.#one(`SELECT ${META} FROM batch ORDER BY base_offset DESC LIMIT 1`);
  }

  atOrBefore(offset: number): BatchRow | undefined {
    return this.#one(`SELECT ${META} FROM batch WHERE base_offset <= ? ORDER BY base_offset DESC LIMIT 1`, offset);
  }

  bodies(from: number, to: number): readonly Bytes[] {
    const query = "SELECT body FROM batch WHERE base_offset >= ? AND base_offset < ? ORDER BY base_offset";
    // Read to the end: a cursor left in the middle locks every DROP TABLE of the database until it is collected.
    return [...this.#sql.exec(query, from, to).raw<[ArrayBuffer]>()].map(([body]) => new Uint8Array(body));
  }

  insert(row: BatchRow, body: Bytes): void {
    this.#sql.exec(
      "INSERT INTO batch (base_offset, last_offset, max_timestamp, size, end_bytes, body) VALUES (?, ?, ?, ?, ?, ?)",
      row.baseOffset,
      row.lastOffset,
      row.maxTimestamp,
      row.size,
      row.endBytes,
      body,
    );
  }

  removeBefore(baseOffset: number, limit: number): number {
    return this.#sql
      .exec(
        "DELETE FROM batch WHERE base_offset IN (SELECT base_offset FROM batch WHERE base_offset < ? ORDER BY base_offset LIMIT ?) RETURNING 1",
        baseOffset,
        limit,
      )
      .toArray().length;
  }

  #one(query: string, ...bindings: number[]): BatchRow | undefined {
    const row = this.#sql
      .exec(query, ...bindings)
      .raw<Row>()
      .next().value;
    return row === undefined ? undefined : rowOf(row);
  }
}
