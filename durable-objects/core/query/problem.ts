/** What is wrong with a query, and where in its text; made a refusal where the query is compiled. */
export class QueryProblem extends Error {
  /** Into the text, from 0; absent where it is the query as a whole. */
  readonly at: number | undefined;
  readonly hint: string | undefined;

  constructor(message: string, { at, hint }: { readonly at?: number | undefined; readonly hint?: string | undefined }) {
    super(message);
    this.at = at;
    this.hint = hint;
  }
}

/** As editors count: both from 1. */
export function placeIn(text: string, at: number): { readonly line: number; readonly column: number } {
  const lines = text.slice(0, at).split("\n");
  return { line: lines.length, column: (lines.at(-1) ?? "").length + 1 };
}
