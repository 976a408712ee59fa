/** A parameter ends at 2 MB, and a character may be six in JSON (`\\u0000`). */
const MAX_SLICE_CHARACTERS = 150_000;

/** Whether the row's texts fit a slice at all. */
export function fitsSlice(key: string, value: string): boolean {
  return key.length + value.length <= MAX_SLICE_CHARACTERS;
}

/** Rows of one statement after another, each as the JSON text of one parameter. Not re-checked: that every row fits. */
export function* jsonSlices(rows: readonly (readonly (string | number)[])[]): Iterable<string> {
  let from = 0;
  let characters = 0;
  for (const [index, row] of rows.entries()) {
    for (const column of row) if (typeof column === "string") characters += column.length;
    if (characters <= MAX_SLICE_CHARACTERS) continue;
    yield JSON.stringify(rows.slice(from, index + 1));
    from = index + 1;
    characters = 0;
  }
  if (from < rows.length) yield JSON.stringify(rows.slice(from));
}
