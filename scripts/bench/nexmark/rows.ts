import { createHash } from "node:crypto";

/** Rows as JSON arrays of their cells in the order of the columns, sorted: equal lists are equal multisets. */
export type Rows = readonly string[];

const SHOWN = 5;
const HASH_CHARACTERS = 32;

export function canonical(rows: Iterable<readonly unknown[]>): Rows {
  return Array.from(rows, (cells) => JSON.stringify(cells)).sort();
}

/** Of SHA-256 over the rows as lines. */
export function hashOf(rows: Rows): string {
  const hash = createHash("sha256");
  for (const row of rows) hash.update(`${row}\n`);
  return hash.digest("hex").slice(0, HASH_CHARACTERS);
}

/** Throws with the first rows that only one side has. */
export function expectSame(
  name: string,
  { actual, expected }: { readonly actual: Rows; readonly expected: Rows },
): void {
  const missing = without(expected, actual);
  const tooMany = without(actual, expected);
  if (missing.length === 0 && tooMany.length === 0) return;
  throw new Error(
    `${name} gave ${actual.length} rows, the reference has ${expected.length}.
${shown(missing, "missing")}
${shown(tooMany, "too many")}`,
  );
}

/** Rows of the first list that the second one does not have, or not as often. */
function without(rows: Rows, others: Rows): Rows {
  const left: string[] = [];
  let at = 0;
  for (const row of rows) {
    while (at < others.length && (others[at] as string) < row) at++;
    if (others[at] === row) at++;
    else left.push(row);
  }
  return left;
}

function shown(rows: Rows, what: string): string {
  const more = rows.length > SHOWN ? " …" : "";
  return `${rows.length} ${what}${rows.length > 0 ? ": " : ""}${rows.slice(0, SHOWN).join(" ")}${more}`;
}
