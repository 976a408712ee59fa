import type { D1Lookup } from "../../../schema/plan.ts";
import type { ColumnType } from "../../../schema/sinks.ts";

/** Of the place of a key among those asked for: a blank is in no column's name. */
const PLACE = "asked for";

/**
 * Rows for keys that come as one JSON parameter, an array of arrays of cells: D1 takes 100 parameters a query, but 2 MB in
 * one. CROSS JOIN keeps the keys outside, so that each is found by the table's index.
 */
export function lookupQuery({ table, columns, key }: D1Lookup): string {
  const wanted = Object.keys(columns).map((column) => `t."${column}" AS "${column}"`);
  const same = key.map((column, at) => `t."${column}" = k.value ->> ${at}`);
  return `SELECT k.key AS "${PLACE}", ${wanted.join(", ")} FROM json_each(?) AS k CROSS JOIN "${table}" AS t ON ${same.join(" AND ")}`;
}

/** A cell for each column of the key; an Error where what is looked up cannot name a row. */
export function cellsOf({ table, columns, key }: D1Lookup, wanted: unknown): readonly unknown[] | Error {
  const [only = ""] = key;
  const fields = typeof wanted === "object" ? (wanted as { readonly [column: string]: unknown }) : { [only]: wanted };
  const names = Object.keys(fields);
  if (names.length !== key.length || names.some((name) => !key.includes(name)))
    return new TypeError(
      `a row of table ${table} is looked up by ${key.join(" and ")}, not by ${Array.isArray(wanted) ? "an array" : names.join(", ") || "nothing"}`,
    );
  const wrong = key.find((column) => !fits(fields[column], columns[column]));
  if (wrong === undefined) return key.map((column) => fields[column]);
  const [type, value] = [columns[wrong], fields[wrong]];
  return new TypeError(
    `column ${table}.${wrong} is ${type}, the value looked up is ${value === null ? "null" : typeof value}`,
  );
}

function fits(value: unknown, type: ColumnType | undefined): boolean {
  return type === "TEXT" ? typeof value === "string" : typeof value === "number" || typeof value === "boolean";
}

/** The row of each key by its place; null where there is none, an Error where there are several. */
export function rowsFound(
  { table, columns, key }: D1Lookup,
  keys: number,
  rows: readonly { readonly [column: string]: unknown }[],
): unknown[] {
  const found: unknown[] = Array.from({ length: keys }, () => null);
  for (const row of rows) {
    const place = Number(row[PLACE]);
    found[place] =
      found[place] === null
        ? Object.fromEntries(Object.keys(columns).map((column) => [column, row[column]]))
        : new Error(`table ${table} has several rows of one ${key.join(", ")}: look up by columns that are unique`);
  }
  return found;
}
