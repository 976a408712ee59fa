import { type Answer, refuse } from "../../../schema/error.ts";
import {
  MAX_SQL_ANSWER_CHARACTERS,
  MAX_SQL_DATA_CHARACTERS,
  MAX_SQL_PAIRS,
  MAX_SQL_ROWS,
  MAX_SQL_WORK,
} from "../../../schema/limits.ts";
import { fromChunks, jsonChunks } from "../sql/json-chunks.ts";
import type { ShownRow, View, ViewQuery } from "../read/view.ts";
import { meet } from "./bounds.ts";
import type { CompiledQuery, QueryTable } from "./compile.ts";
import { cellOf, extentOf, keyCharacters } from "./extent.ts";
import type { Row } from "./merge.ts";
import { numberProblem } from "./number-use.ts";
import type { Value } from "./query.ts";
import type { Statement } from "./select-text.ts";

const ROWS_AT_ONCE = 500;

/** SQLite, with nothing in it but what a statement brings along. */
export interface QueryEngine {
  /** Rows one after another, each as an array. */
  rows(text: string, parameters: readonly string[]): Iterable<readonly unknown[]>;
}

export interface RunOptions {
  readonly engine: QueryEngine;
  readonly viewOf: (table: QueryTable) => View;
  /** Only rows of these keys. */
  readonly keys: Pick<ViewQuery, "fromKey" | "toKey">;
  readonly maxRows: number;
}

export interface Result {
  readonly rows: readonly Row[];
  /** There are more than `maxRows`. */
  readonly more: boolean;
}

/**
 * Runs a statement over the rows that the query is about, which are read first and travel as JSON in parameters: it has no
 * access to anything else, and how much it works on is known before it runs.
 */
export function runQuery(query: CompiledQuery, { text, columns }: Statement, options: RunOptions): Answer<Result> {
  const tables = readTables(query, options);
  if (!tables.ok) return tables;
  const rowsOf = (relation: string): readonly ShownRow[] =>
    tables.rows[query.tables.findIndex((table) => table.relation === relation)] ?? [];
  const problem = numberProblem(query.numberUses, rowsOf) ?? workProblem(query, tables.rows);
  if (problem !== undefined) return problem;
  const { relations, parameters } = relationsOf(query.tables, tables.rows);
  const statement = `WITH ${relations} ${text}`;
  const planned = tables.rows.length > 1 ? planProblem(options.engine, statement, parameters) : undefined;
  return planned ?? taken(options, { relations, text, columns }, parameters);
}

function readTables(
  query: CompiledQuery,
  { viewOf, keys }: RunOptions,
): Answer<{ readonly rows: readonly (readonly ShownRow[])[] }> {
  let characters = 0;
  let count = 0;
  const all: ShownRow[][] = [];
  for (const table of query.tables) {
    const view = viewOf(table);
    const rows: ShownRow[] = [];
    all.push(rows);
    for (let after: ViewQuery["after"]; ;) {
      const page = view.scan({ ...meet(table.bounds, keys), after, limit: ROWS_AT_ONCE });
      rows.push(...page.rows);
      count += ROWS_AT_ONCE;
      for (const row of page.rows) characters += keyCharacters(row) + row.value.length;
      if (page.next === undefined) {
        count += page.rows.length - ROWS_AT_ONCE;
        break;
      }
      if (count > MAX_SQL_ROWS || characters > MAX_SQL_DATA_CHARACTERS) return tooMuch(table);
      after = page.next;
    }
    if (count > MAX_SQL_ROWS || characters > MAX_SQL_DATA_CHARACTERS) return tooMuch(table);
  }
  return { ok: true, rows: all };
}

function tooMuch({ alias }: QueryTable): Answer<never> {
  return refuse(
    "query_too_expensive",
    `more than ${MAX_SQL_ROWS} rows, or ${MAX_SQL_DATA_CHARACTERS / 1e6} MB, would be read`,
    {
      field: "sql",
      hint: `Say which keys it is about: "key" beside the query, or a condition such as ${alias}.key = 'a' or ${alias}.key >= 'a' AND ${alias}.key < 'b'`,
    },
  );
}

/** Rows that meet in a join, and what is done with them: counted before any of it is. */
function workProblem(query: CompiledQuery, rows: readonly (readonly ShownRow[])[]): Answer<never> | undefined {
  const { tables, joinedBy } = query;
  const extent = extentOf(tables, joinedBy, rows);
  if (extent.rows > MAX_SQL_PAIRS) {
    const windowed = tables.some(({ columns }) => columns.includes("start"));
    return refuse("query_too_expensive", `the join makes ${extent.rows} rows, the limit is ${MAX_SQL_PAIRS}`, {
      field: "sql",
      hint: windowed ? "Join windows by their start too, or say which keys it is about" : "Say which keys it is about",
    });
  }
  const work = query.work(extent);
  if (work <= MAX_SQL_WORK) return undefined;
  const times = Math.ceil((10 * work) / MAX_SQL_WORK) / 10;
  const message = `what the query does with each of ${extent.rows} rows and their characters is ${times} times as much as it may be`;
  const hint = `Say which rows it is about, by conditions such as ${tables[0]?.alias}.key >= 'a' AND ${tables[0]?.alias}.key < 'b'; use fewer functions, and read a field (value ->> '$.field') instead of a long value`;
  return refuse("query_too_expensive", message, { field: "sql", hint });
}

/** The value is JSON as it is stored. */
function rowText(row: ShownRow, columns: readonly string[]): string {
  return `[${columns.map((column) => (column === "value" ? row.value : JSON.stringify(cellOf(row, column)))).join(",")}]`;
}

function relationsOf(
  tables: readonly QueryTable[],
  rows: readonly (readonly ShownRow[])[],
): { readonly relations: string; readonly parameters: readonly string[] } {
  const parameters: string[] = [];
  const relations = tables.map(({ relation, columns }, index) => {
    const chunks = jsonChunks((rows[index] ?? []).map((row) => rowText(row, columns)));
    const source = fromChunks(chunks, parameters.length + 1);
    parameters.push(...chunks);
    const cells = columns.map((_, cell) => `j.value ->> ${cell}`).join(", ");
    const names = columns.map((column) => `"${column}"`).join(", ");
    return `${relation}(${names}) AS MATERIALIZED (SELECT ${cells} FROM ${source})`;
  });
  return { relations: relations.join(", "), parameters };
}

/** Only one table may be gone through from end to end; rows of the others are looked up. */
function planProblem(engine: QueryEngine, statement: string, parameters: readonly string[]): Answer<never> | undefined {
  const details = [...engine.rows(`EXPLAIN QUERY PLAN ${statement}`, parameters)].map((row) => String(row.at(-1)));
  const scans = details.filter((detail) => /^SCAN t\d+$/.test(detail));
  if (scans.length <= 1) return undefined;
  return refuse("query_too_expensive", "the join would look at every pair of rows", {
    field: "sql",
    hint: "Join by key alone, and put other conditions into WHERE",
  });
}

/**
 * The answer is made once and measured before any of it is taken. Everything is taken: a statement that is left in the middle
 * stays open, and its tables could not be dropped.
 */
function taken(
  { engine, maxRows }: RunOptions,
  { relations, text, columns }: Statement & { readonly relations: string },
  parameters: readonly string[],
): Answer<Result> {
  const cells = Array.from({ length: columns }, (_, cell) => `c${cell}`);
  const lengths = cells.map((cell) => `coalesce(length(${cell}), 0)`).join(" + ");
  const size = `size(n, characters) AS MATERIALIZED (SELECT count(*), coalesce(sum(${lengths}), 0) + 8 * ${columns} * count(*) FROM answer)`;
  const statement = `WITH ${relations}, answer(${cells.join(", ")}) AS MATERIALIZED (${text}), ${size}
    SELECT n, characters, answer.* FROM size LEFT JOIN answer ON characters <= ${MAX_SQL_ANSWER_CHARACTERS}`;
  const rows: Row[] = [];
  let count = 0;
  let large = false;
  let bytes = false;
  for (const [found, characters, ...row] of engine.rows(statement, parameters)) {
    count = Number(found);
    large = Number(characters) > MAX_SQL_ANSWER_CHARACTERS;
    const values = row.map(valueOf);
    bytes ||= values.includes(undefined);
    rows.push(values as Row);
  }
  if (bytes) return refuse("sql_error", "a column holds bytes", { field: "sql", hint: "Use hex(…)" });
  if (large) {
    const hint = "Select fewer columns, or give a LIMIT";
    const message = `the answer is larger than ${MAX_SQL_ANSWER_CHARACTERS / 1e6} MB`;
    return refuse("query_too_expensive", message, { field: "sql", hint });
  }
  // Of no rows there is one, of nothing.
  return { ok: true, rows: rows.slice(0, Math.min(count, maxRows)), more: count > maxRows };
}

function valueOf(cell: unknown): Value | undefined {
  if (typeof cell === "bigint") return Number(cell);
  return cell === null || typeof cell === "string" || typeof cell === "number" ? cell : undefined;
}
