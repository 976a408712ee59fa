import type { Transport } from "./transport.ts";

export interface RowsOptions {
  /** One of the table's columns; without it the order is the database's. */
  readonly orderBy?: string | undefined;
  readonly order?: "asc" | "desc" | undefined;
  /** Default 100, at most 1000. */
  readonly limit?: number | undefined;
}

export interface TableRows {
  readonly columns: readonly string[];
  readonly rows: readonly { readonly [column: string]: unknown }[];
}

/** `client.tables`: the D1 tables that pipelines write. */
export class Tables {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /**
   * @example
   * ```ts
   * import { Millrace } from "../sdk/index.ts";
   *
   * const client = new Millrace({ url: "http://127.0.0.1:8787" });
   * const { columns, rows } = await client.tables.rows("sales_by_day", { orderBy: "day", order: "desc", limit: 7 });
   * console.table(rows, [...columns]);
   * ```
   */
  rows(table: string, options: RowsOptions = {}): Promise<TableRows> {
    const { orderBy, order, limit } = options;
    return this.#transport.json({ method: "GET", path: ["tables", table], query: { orderBy, order, limit } });
  }
}
