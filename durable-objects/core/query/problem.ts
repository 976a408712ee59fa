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

/** What SQLite says of a statement when it runs, its codes behind it. */
export function sqliteProblem(said: string): QueryProblem {
  if (!said.includes("too big")) return new QueryProblem(said.replace(/: SQLITE_[A-Z]+.*$/s, ""), {});
  const hint = "Put less into one: more groups, or a field (value ->> '$.field') instead of the value";
  return new QueryProblem("a text that the query makes is too long for SQLite", { hint });
}

/** As editors count: both from 1. */
export function placeIn(text: string, at: number): { readonly line: number; readonly column: number } {
  const lines = text.slice(0, at).split("\n");
  return { line: lines.length, column: (lines.at(-1) ?? "").length + 1 };
}
