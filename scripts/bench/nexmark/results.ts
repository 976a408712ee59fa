import type { Query } from "./queries/query.ts";
import { canonical, type Rows } from "./rows.ts";

/** What a pipeline sent to its output topic, as the rows that it means (see Query). */
export class Results {
  readonly #kind: Query["rows"];
  readonly #sent: unknown[] = [];
  readonly #last = new Map<string, unknown>();

  constructor(kind: Query["rows"]) {
    this.#kind = kind;
  }

  /** `key`: any text that is one to one with the record's key. In the order sent for each key. */
  add(key: string, value: unknown): void {
    if (this.#kind === "every") this.#sent.push(value);
    else this.#last.set(key, value);
  }

  rows(columns: readonly string[]): Rows {
    const values = this.#kind === "every" ? this.#sent : [...this.#last.values()];
    return canonical(values.flatMap(listOf).map((row) => cellsOf(row, columns)));
  }
}

function listOf(value: unknown): readonly unknown[] {
  if (value === null) return [];
  return Array.isArray(value) ? value : [value];
}

function cellsOf(row: unknown, columns: readonly string[]): readonly unknown[] {
  const fields = Object(row) as { readonly [column: string]: unknown };
  if (Object.keys(fields).length !== columns.length || columns.some((column) => !(column in fields))) {
    throw new Error(`The query has the columns ${columns.join(", ")}, a row sent is ${JSON.stringify(row)}.`);
  }
  return columns.map((column) => fields[column]);
}
