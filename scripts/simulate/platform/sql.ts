import type { Sabotage } from "../sabotage.ts";
import { inTemplate } from "./template.ts";
import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from "node:sqlite";

type Row = readonly SQLOutputValue[];

interface Prepared {
  readonly statement: StatementSync;
  readonly writes: boolean;
  columns: readonly string[] | undefined;
}

const SEVERAL = /;\s*\S/;
const WRITES = /^\s*(?:insert|update|delete|replace|create|drop|alter)/i;
/** Transactions are the platform's own business. */
const REFUSED = /^\s*(?:begin|commit|end|rollback|savepoint|release|attach|detach|pragma|vacuum)/i;

/** SQL text to what was prepared of it, for one database. */
export class Statements {
  readonly #database: DatabaseSync;
  readonly #known = new Map<string, Prepared>();

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  get(query: string): Prepared {
    let prepared = this.#known.get(query);
    if (prepared === undefined) {
      if (REFUSED.test(query)) throw new Error(`not authorized: ${query.slice(0, 40)}`);
      const statement = this.#database.prepare(query);
      statement.setReturnArrays(true);
      this.#known.set(query, (prepared = { statement, writes: WRITES.test(query), columns: undefined }));
    }
    return prepared;
  }
}

/** Answers of one statement, all read at once. */
export class Cursor implements Iterable<Record<string, unknown>> {
  readonly #rows: readonly Row[];
  readonly #names: () => readonly string[];
  readonly #written: () => number;
  #at = 0;

  constructor(rows: readonly Row[], names: () => readonly string[], written: () => number) {
    this.#rows = rows;
    this.#names = names;
    this.#written = written;
  }

  get columnNames(): readonly string[] {
    return this.#names();
  }

  get rowsWritten(): number {
    return this.#written();
  }

  next(): { done: boolean; value: Record<string, unknown> | undefined } {
    const row = this.#rows[this.#at++];
    return { done: row === undefined, value: row && this.#object(row) };
  }

  *[Symbol.iterator](): Generator<Record<string, unknown>, undefined> {
    for (let next = this.next(); next.value !== undefined; next = this.next()) yield next.value;
    return undefined;
  }

  *#arrays(): Generator<readonly unknown[], undefined> {
    for (let row = this.#rows[this.#at++]; row !== undefined; row = this.#rows[this.#at++]) yield row.map(valueOf);
    return undefined;
  }

  raw(): IteratorObject<readonly unknown[], undefined> {
    return this.#arrays();
  }

  toArray(): Record<string, unknown>[] {
    return [...this];
  }

  one(): Record<string, unknown> {
    const [only, ...others] = this.toArray();
    if (only === undefined || others.length > 0) throw new Error("Expected exactly one result from SQL query");
    return only;
  }

  #object(row: Row): Record<string, unknown> {
    const names = this.#names();
    return Object.fromEntries(row.map((value, index) => [names[index], valueOf(value)]));
  }
}

/** The platform gives BLOBs as buffers of their own. */
function valueOf(value: SQLOutputValue): unknown {
  return value instanceof Uint8Array ? value.slice().buffer : value;
}

function bindingOf(value: unknown): SQLInputValue {
  if (value === undefined) return null;
  if (typeof value === "boolean") return value ? 1 : 0;
  return (value instanceof ArrayBuffer ? new Uint8Array(value) : value) as SQLInputValue;
}

/** `SqlStorage` over SQLite in memory. `on.write` comes before every statement that changes something. */
export class SimulatedSql {
  readonly #database: DatabaseSync;
  readonly #statements: Statements;
  readonly #onWrite: () => void;
  readonly #prepared: boolean;
  readonly #alive: () => boolean;
  readonly #skips: (query: string) => boolean;

  constructor(
    { database, statements, prepared }: { database: DatabaseSync; statements: Statements; prepared: boolean },
    on: { write: () => void; alive: () => boolean; skips?: Sabotage["skips"] },
  ) {
    this.#database = database;
    this.#statements = statements;
    this.#onWrite = on.write;
    this.#prepared = prepared;
    this.#alive = on.alive;
    this.#skips = on.skips ?? (() => false);
  }

  exec(query: string, ...bindings: readonly unknown[]): Cursor {
    if (!this.#alive()) throw new Error("the object has ended");
    if (bindings.length === 0 && (inTemplate(query) || SEVERAL.test(query))) return this.#migrate(query);
    if (this.#skips(query))
      return new Cursor(
        [],
        () => [],
        () => 0,
      );
    const prepared = this.#statements.get(query);
    if (prepared.writes) this.#onWrite();
    const rows = prepared.statement.all(...bindings.map(bindingOf)) as unknown as Row[];
    const names = (): readonly string[] =>
      (prepared.columns ??= prepared.statement.columns().map((column) => column.name));
    return new Cursor(rows, names, () => this.#changes());
  }

  #migrate(query: string): Cursor {
    this.#onWrite();
    if (!this.#prepared || !inTemplate(query)) this.#database.exec(query);
    return new Cursor(
      [],
      () => [],
      () => 0,
    );
  }

  #changes(): number {
    const [row] = this.#statements.get("SELECT changes()").statement.all() as unknown as [number][];
    return row?.[0] ?? 0;
  }
}
