import type { D1Sink as D1Definition } from "../../schema/sinks.ts";
import type { Bytes } from "../../schema/record.ts";
import { badRows } from "./bad-rows.ts";
import { joinRows, splitRows } from "./json-rows.ts";
import type { Outcome, Parcel, Sink } from "./sink.ts";

export const PROGRESS_TABLE =
  "CREATE TABLE IF NOT EXISTS millrace_progress (id TEXT PRIMARY KEY, seq INTEGER NOT NULL) WITHOUT ROWID";
const BEGIN = "INSERT OR IGNORE INTO millrace_progress (id, seq) VALUES (?1, 0)";
/**
 * NULL violates NOT NULL, so a batch that is repeated, late or early fails whole (SNK-20), and so does one of an incarnation
 * whose rows have been deleted, though it be the first of its task that comes (CAT-21).
 */
const ADVANCE = `UPDATE millrace_progress SET seq = CASE WHEN seq = ?2 - 1
  AND NOT EXISTS (SELECT 1 FROM millrace_progress WHERE id = ?4 AND seq > ?5) THEN ?3 END WHERE id = ?1`;
/** From now on nothing of earlier incarnations is taken. */
export const FENCE = `INSERT INTO millrace_progress (id, seq) VALUES (?1, ?2)
  ON CONFLICT (id) DO UPDATE SET seq = max(seq, excluded.seq)`;
const SEQUENCE_FAILED = /NOT NULL constraint failed: millrace_progress\.seq/;
/** The table's owner has said no to the data itself; anything else may be mended from outside, so it is retried. */
const DATA_REFUSED = /constraint failed|datatype mismatch|cannot store|string or blob too big/i;

/** Upserts into one D1 table; how far it got stands in the same database and changes in the same transaction. */
export class D1Sink implements Sink {
  readonly #database: D1Database;
  readonly #definition: D1Definition;
  #created = false;

  constructor(database: D1Database, definition: D1Definition) {
    this.#database = database;
    this.#definition = definition;
  }

  async deliver(parcel: Parcel): Promise<Outcome> {
    const first = parcel.rows[0]?.sequence ?? 0;
    const last = parcel.rows.at(-1)?.sequence ?? 0;
    const id = `${parcel.source}/${this.#definition.table}`;
    try {
      await this.#create();
      await this.#database.batch([
        this.#database.prepare(BEGIN).bind(id),
        this.#database.prepare(ADVANCE).bind(id, first, last, this.#fenceOf(parcel), parcel.incarnation),
        ...this.#upserts(parcel),
      ]);
      return { kind: "delivered", through: last };
    } catch (error) {
      return this.#outcomeOf(error, { id, first, parcel });
    }
  }

  #fenceOf({ source }: Parcel): string {
    return fenceOf(source.slice(0, source.indexOf("/")), this.#definition.table);
  }

  async #create(): Promise<void> {
    if (this.#created) return;
    const database = this.#database;
    await database.batch([database.prepare(PROGRESS_TABLE), database.prepare(createTable(this.#definition))]);
    this.#created = true;
  }

  #upserts({ rows }: Parcel): D1PreparedStatement[] {
    const filled = rows.filter((row) => row.records > 0);
    return filled.length === 0 ? [] : [this.#upsert(filled.map((row) => row.body))];
  }

  #upsert(bodies: readonly Bytes[]): D1PreparedStatement {
    const json = `[${new TextDecoder().decode(joinRows(bodies))}]`;
    return this.#database.prepare(upsert(this.#definition)).bind(json);
  }

  async #outcomeOf(error: unknown, at: { id: string; first: number; parcel: Parcel }): Promise<Outcome> {
    const reason = error instanceof Error ? error.message : String(error);
    if (SEQUENCE_FAILED.test(reason)) return this.#resolve(at.id, at.first);
    this.#created = false;
    if (!DATA_REFUSED.test(reason)) return { kind: "retry", reason: `D1 table ${this.#definition.table}: ${reason}` };
    if (at.parcel.rows.length > 1) return { kind: "retry", reason, oneByOne: true };
    return this.#refused(at.parcel, `D1 table ${this.#definition.table}: ${reason}`);
  }

  /** Which of the row's table rows it is, so that the others get through. */
  async #refused({ rows }: Parcel, reason: string): Promise<Outcome> {
    const [row] = rows;
    const all = splitRows(row?.body ?? new Uint8Array(0));
    const bad = new Set(await badRows(all, (some) => this.#refuses(some)));
    // None fails by itself: whatever it was has passed.
    if (bad.size === 0) return { kind: "retry", reason };
    const rest = all.filter((each) => !bad.has(each));
    const letters = [...bad].map((value) => ({ key: null, value, headers: [] }));
    return {
      kind: "refused",
      sequence: row?.sequence ?? 0,
      reason,
      letters,
      rest: joinRows(rest),
      restRecords: rest.length,
    };
  }

  /** Tries the rows in a transaction that never commits: its last statement breaks the progress table's NOT NULL. */
  async #refuses(rows: readonly Bytes[]): Promise<boolean> {
    const never = this.#database.prepare("INSERT INTO millrace_progress (id, seq) VALUES ('', NULL)");
    try {
      await this.#database.batch([this.#upsert(rows), never]);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (SEQUENCE_FAILED.test(reason)) return false;
      if (DATA_REFUSED.test(reason)) return true;
      throw error;
    }
    return false;
  }

  /** The batch did not fit what is there: an earlier answer was lost, or rows are missing. */
  async #resolve(id: string, first: number): Promise<Outcome> {
    const row = await this.#database
      .prepare("SELECT seq FROM millrace_progress WHERE id = ?")
      .bind(id)
      .first<{ seq: number }>();
    const applied = row?.seq ?? 0;
    if (applied >= first) return { kind: "delivered", through: applied };
    return { kind: "stop", reason: `D1 has ${id} at sequence ${applied}, the next to deliver is ${first}` };
  }
}

/** Under which the incarnation stands whose start emptied the table: no progress of a task has an id of three parts. */
export function fenceOf(pipeline: string, table: string): string {
  return `${pipeline}/erased/${table}`;
}

export function createTable({ table, columns, primaryKey }: D1Definition): string {
  const definitions = Object.entries(columns).map(
    ([name, type]) => `"${name}" ${type}${primaryKey.includes(name) ? " NOT NULL" : ""}`,
  );
  const key = primaryKey.map((name) => `"${name}"`).join(", ");
  return `CREATE TABLE IF NOT EXISTS "${table}" (${definitions.join(", ")}, PRIMARY KEY (${key})) WITHOUT ROWID`;
}

/** Rows arrive as one JSON parameter of arrays in column order: D1 takes 100 parameters a statement, but 2 MB in one. */
export function upsert({ table, columns, primaryKey }: D1Definition): string {
  const names = Object.keys(columns);
  // A BLOB travels as hex.
  const values = names.map((name, index) =>
    columns[name] === "BLOB" ? `unhex(value ->> ${index})` : `value ->> ${index}`,
  );
  const others = names.filter((name) => !primaryKey.includes(name));
  const action =
    others.length === 0 ? "NOTHING" : `UPDATE SET ${others.map((name) => `"${name}" = excluded."${name}"`).join(", ")}`;
  // WHERE true: without it SQLite reads ON as the join's.
  return `INSERT INTO "${table}" (${names.map((name) => `"${name}"`).join(", ")}) SELECT ${values.join(", ")} FROM json_each(?) WHERE true
    ON CONFLICT (${primaryKey.map((name) => `"${name}"`).join(", ")}) DO ${action}`;
}
