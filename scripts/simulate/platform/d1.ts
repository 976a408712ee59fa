import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import type { Sabotage } from "../sabotage.ts";
import type { Caller, Network } from "./network.ts";
import { Statements } from "./sql.ts";

interface Query {
  readonly sql: string;
  readonly bindings: readonly SQLInputValue[];
}

/** The database that all objects share. Each batch is one transaction; `batches` are those that took effect, in order. */
export class SimulatedD1 {
  readonly database = new DatabaseSync(":memory:");
  readonly batches: (readonly Query[])[] = [];
  readonly #statements = new Statements(this.database);
  readonly #skips: (query: string) => boolean;

  constructor({ skips = () => false }: Sabotage) {
    this.#skips = skips;
  }

  /** As one object has it in `env`. */
  bindingFor(caller: Caller, network: Network): D1Database {
    const send = (queries: readonly Query[]): Promise<Record<string, unknown>[][]> =>
      network.call(caller, { what: "D1 batch", request: queries }, (request, answer) => {
        try {
          answer({ value: this.#run(request as readonly Query[]) });
        } catch (error) {
          answer({ error: `D1_ERROR: ${error instanceof Error ? error.message : String(error)}` });
        }
      }) as Promise<Record<string, unknown>[][]>;
    const binding = {
      prepare: (sql: string) => new Statement({ sql, bindings: [] }, send),
      batch: async (statements: readonly Statement[]) => {
        const answers = await send(statements.map(({ query }) => query));
        return answers.map((results) => ({ success: true, results }));
      },
    };
    return binding as unknown as D1Database;
  }

  /** A table that is there before anything begins, by its first column. */
  fill({ table, columns, rows }: { table: string; columns: object; rows: readonly (readonly string[])[] }): void {
    const [key = "", ...others] = Object.keys(columns);
    this.database.exec(
      `CREATE TABLE "${table}" ("${key}" PRIMARY KEY, ${others.map((name) => `"${name}"`).join(", ")})`,
    );
    const places = rows.map((row) => `(${row.map(() => "?").join(", ")})`).join(", ");
    this.database.prepare(`INSERT INTO "${table}" VALUES ${places}`).run(...rows.flat());
  }

  rows(sql: string): Record<string, unknown>[] {
    return this.database.prepare(sql).all() as Record<string, unknown>[];
  }

  #run(queries: readonly Query[]): Record<string, unknown>[][] {
    this.database.exec("BEGIN");
    try {
      const done: Query[] = [];
      const answers = queries.map((query) => {
        const { sql, bindings } = query;
        if (this.#skips(sql)) return [];
        done.push(query);
        const { statement } = this.#statements.get(sql);
        const rows = statement.all(...bindings) as unknown as unknown[][];
        const names = statement.columns().map(({ name }) => name);
        return rows.map((row) => Object.fromEntries(row.map((value, index) => [names[index], value])));
      });
      this.database.exec("COMMIT");
      this.batches.push(done);
      return answers;
    } catch (error) {
      this.database.exec("ROLLBACK");
      throw error;
    }
  }
}

class Statement {
  readonly query: Query;
  readonly #send: (queries: readonly Query[]) => Promise<Record<string, unknown>[][]>;

  constructor(query: Query, send: (queries: readonly Query[]) => Promise<Record<string, unknown>[][]>) {
    this.query = query;
    this.#send = send;
  }

  bind(...bindings: SQLInputValue[]): Statement {
    return new Statement({ ...this.query, bindings }, this.#send);
  }

  async all(): Promise<{ success: true; results: Record<string, unknown>[] }> {
    const [results = []] = await this.#send([this.query]);
    return { success: true, results };
  }

  run(): ReturnType<Statement["all"]> {
    return this.all();
  }

  async first(): Promise<Record<string, unknown> | null> {
    return (await this.all()).results[0] ?? null;
  }
}
