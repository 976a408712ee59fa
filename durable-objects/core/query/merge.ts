import { compareKeys } from "../store/key-order.ts";
import type { Merging, OrderColumn, Part } from "./part.ts";
import type { Value } from "./query.ts";

export type Row = readonly Value[];

/** The answers of the partitions as one. */
export function mergeParts(
  part: Exclude<Part, { kind: "none" }>,
  answers: readonly (readonly Row[])[],
): readonly Row[] {
  const rows =
    part.kind === "groups" ? mergedGroups(answers.flat(), part.merging) : once(answers.flat(), part.distinct);
  const ordered = rows.toSorted((a, b) => compareRows(a, b, part.order));
  const { offset, limit, columns } = part;
  return ordered.slice(offset, limit === Infinity ? undefined : offset + limit).map((row) => row.slice(0, columns));
}

function once(rows: readonly Row[], distinct: boolean): readonly Row[] {
  return distinct ? [...new Map(rows.map((row) => [JSON.stringify(row), row])).values()] : rows;
}

function mergedGroups(rows: readonly Row[], merging: readonly Merging[]): readonly Row[] {
  const groups = new Map<string, Row>();
  for (const row of rows) {
    const key = JSON.stringify(row.filter((_, index) => merging[index] === "key"));
    const known = groups.get(key);
    groups.set(
      key,
      known === undefined ? row : merging.map((how, index) => merged(how, known[index] ?? null, row[index] ?? null)),
    );
  }
  return [...groups.values()];
}

function merged(how: Merging, a: Value, b: Value): Value {
  if (a === null || b === null) return a ?? b;
  switch (how) {
    case "key":
      return a;
    case "count":
    case "sum":
    case "total":
      return Number(a) + Number(b);
    case "min":
      return compareValues(a, b) <= 0 ? a : b;
    case "max":
      return compareValues(a, b) >= 0 ? a : b;
  }
}

function compareRows(a: Row, b: Row, order: readonly OrderColumn[]): number {
  for (const { index, descending, nullsFirst } of order) {
    const [left = null, right = null] = [a[index], b[index]];
    if (left === null || right === null) {
      if (left === right) continue;
      return (left === null) === nullsFirst ? -1 : 1;
    }
    const compared = compareValues(left, right);
    if (compared !== 0) return descending ? -compared : compared;
  }
  return 0;
}

/** As SQLite orders them: numbers before texts, those by their UTF-8 bytes. */
function compareValues(a: string | number, b: string | number): number {
  if (typeof a === "number") return typeof b === "number" ? a - b : -1;
  return typeof b === "number" ? 1 : compareKeys(a, b);
}
