import type { BatchSqlNode } from "../../../schema/plan.ts";

/** A parameter of SQLite in a Durable Object ends at 2 MB; a UTF-16 unit may be three bytes. */
const MAX_CHUNK_CHARACTERS = 600_000;

/** One record as a row: key, JSON text of the value, time, offset. */
export interface BatchRow {
  readonly key: string | null;
  readonly value: string;
  readonly timestampMs: number;
  readonly offset: number;
}

export interface BatchQuery {
  readonly query: string;
  readonly parameters: readonly (string | number | null)[];
}

/**
 * The user's SELECT with `batch` and the stores it names in front, as common table expressions. Rows travel as JSON in
 * parameters, so that no row is written to be read (measured: 160,000 rows in 182 ms).
 */
export function batchQuery(
  { query, parameters, stores }: Pick<BatchSqlNode, "query" | "parameters" | "stores">,
  rows: readonly BatchRow[],
  relation: (store: string) => string,
): BatchQuery {
  const chunks = chunksOf(rows);
  // Numbered from the end of the user's own, which stand in the query as ?1, ?2 …
  // Not UNION ALL, of which a Durable Object's SQLite takes five terms.
  const sources = chunks.map((_, index) => `(?${parameters.length + index + 1})`).join(", ");
  const batch = `batch(key, value, timestamp, "offset") AS MATERIALIZED (
    SELECT j.value ->> 0, j.value ->> 1, j.value ->> 2, j.value ->> 3 FROM (VALUES ${sources}) AS chunk, json_each(chunk.column1) AS j)`;
  const views = Object.entries(stores).map(([alias, store]) => `${quoted(alias)} AS (${relation(store)})`);
  const [, recursive = "", rest = query] = /^\s*with\s+(recursive\s+)?(.*)$/is.exec(query) ?? [];
  const own = rest === query ? ` ${query}` : `, ${rest}`;
  return { query: `WITH ${recursive}${[batch, ...views].join(", ")}${own}`, parameters: [...parameters, ...chunks] };
}

export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** At least one, so that `batch` is there without records too. */
function chunksOf(rows: readonly BatchRow[]): string[] {
  const chunks: string[] = [];
  let parts: string[] = [];
  let characters = 0;
  for (const { key, value, timestampMs, offset } of rows) {
    const row = `[${JSON.stringify(key)},${value},${timestampMs},${offset}]`;
    if (characters + row.length > MAX_CHUNK_CHARACTERS && parts.length > 0) {
      chunks.push(`[${parts.join(",")}]`);
      parts = [];
      characters = 0;
    }
    parts.push(row);
    characters += row.length;
  }
  return [...chunks, `[${parts.join(",")}]`];
}
