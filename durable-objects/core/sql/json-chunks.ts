/** A parameter of SQLite in a Durable Object ends at 2 MB; a UTF-16 unit may be three bytes. */
const MAX_CHUNK_CHARACTERS = 600_000;

/** Rows that are JSON texts as arrays of them, for parameters. At least one, so that there is a relation without rows too. */
export function jsonChunks(rows: Iterable<string>): string[] {
  const chunks: string[] = [];
  let parts: string[] = [];
  let characters = 0;
  for (const row of rows) {
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

/** The rows of `chunks` as `j.value`, by parameters numbered from `first` on. Not UNION ALL, which ends at five terms there. */
export function fromChunks(chunks: readonly string[], first: number): string {
  const values = chunks.map((_, index) => `(?${first + index})`).join(", ");
  return `(VALUES ${values}) AS chunk, json_each(chunk.column1) AS j`;
}
