import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import type { NexmarkEvent } from "./queries/event.ts";
import type { Query } from "./queries/query.ts";
import { canonical, type Rows } from "./rows.ts";

export interface Answer {
  readonly columns: readonly string[];
  readonly rows: Rows;
}

/** Tables, each with `seq` before these. */
const TABLES = {
  person: {
    id: "INTEGER",
    name: "TEXT",
    emailAddress: "TEXT",
    creditCard: "TEXT",
    city: "TEXT",
    state: "TEXT",
    dateTime: "INTEGER",
    extra: "TEXT",
  },
  auction: {
    id: "INTEGER",
    itemName: "TEXT",
    description: "TEXT",
    initialBid: "INTEGER",
    reserve: "INTEGER",
    dateTime: "INTEGER",
    expires: "INTEGER",
    seller: "INTEGER",
    category: "INTEGER",
    extra: "TEXT",
  },
  bid: {
    auction: "INTEGER",
    bidder: "INTEGER",
    price: "INTEGER",
    channel: "TEXT",
    url: "TEXT",
    dateTime: "INTEGER",
    extra: "TEXT",
  },
} as const;

/** The queries' answers by SQLite, over a finite number of events. */
export class Reference {
  readonly #database = new DatabaseSync(":memory:");

  constructor(events: Iterable<NexmarkEvent>) {
    const inserts = new Map(Object.entries(TABLES).map(([table, columns]) => [table, this.#create(table, columns)]));
    this.#database.exec("BEGIN");
    let seq = 0;
    for (const event of events) inserts.get(event.type)?.(seq++, event);
    this.#database.exec("COMMIT");
  }

  answer({ sql }: Pick<Query, "sql">): Answer {
    const statement = this.#database.prepare(sql);
    statement.setReturnArrays(true);
    const columns = statement.columns().map(({ name }) => name);
    return { columns, rows: canonical(statement.iterate() as unknown as Iterable<readonly unknown[]>) };
  }

  #create(table: string, types: { readonly [column: string]: string }): (seq: number, event: NexmarkEvent) => void {
    const columns = Object.keys(types);
    const definitions = columns.map((column) => `${column} ${types[column]} NOT NULL`);
    this.#database.exec(`CREATE TABLE ${table} (seq INTEGER PRIMARY KEY, ${definitions.join(", ")}) STRICT`);
    const insert = this.#database.prepare(`INSERT INTO ${table} VALUES (?${", ?".repeat(columns.length)})`);
    return (seq, event) => {
      const fields = event as unknown as { readonly [column: string]: SQLInputValue };
      insert.run(seq, ...columns.map((column) => fields[column] ?? null));
    };
  }
}
