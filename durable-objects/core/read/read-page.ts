import type { Place, ShownRow, View, ViewQuery } from "./view.ts";

const ROWS_AT_ONCE = 16;
/** Rows looked at for one page, whatever is left out of it. */
const MAX_LOOKED_AT = 10_000;

export interface PageQuery extends ViewQuery {
  /** The row at `after` too. */
  readonly inclusive?: boolean | undefined;
  /** Ends behind the row with which keys and values are longer than this. */
  readonly maxCharacters: number;
}

export interface Page {
  readonly rows: readonly ShownRow[];
  readonly next: Place | undefined;
}

/** Rows from a place on: at most `limit`, and about `maxCharacters`, since a value may be a megabyte; at least one if there is one near. */
export function readPage(view: View, { inclusive = false, limit, maxCharacters, ...range }: PageQuery): Page {
  const rows: ShownRow[] = [];
  const first = inclusive && range.after !== undefined ? view.at(range.after) : undefined;
  if (first !== undefined) rows.push(first);
  let characters = first === undefined ? 0 : sizeOf(first);
  let after = range.after;
  for (let lookedAt = 0; rows.length < limit && characters < maxCharacters && lookedAt < MAX_LOOKED_AT;) {
    const wanted = Math.min(ROWS_AT_ONCE, limit - rows.length);
    const page = view.scan({ ...range, after, limit: wanted });
    rows.push(...page.rows);
    if (page.next === undefined) return { rows, next: undefined };
    after = page.next;
    lookedAt += wanted;
    for (const row of page.rows) characters += sizeOf(row);
  }
  return { rows, next: after };
}

export function sizeOf({ key, value }: { readonly key: string; readonly value: string }): number {
  return key.length + value.length;
}
