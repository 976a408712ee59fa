import { assert } from "../assert.ts";
import type { RowUpdate } from "./change-recorder.ts";

/** A row of the ring in UTF-16 units: at most three bytes each, below the 2 MB of a row, and always room for one change. */
const MAX_CHARACTERS = 600_000;
const GONE = -1;

type Head = readonly [key: string, at: number, seq: number, timestampMs: number, characters: number];

/** Rows of the ring for the changes of one transaction: for each a line that says what follows, then its value as it is. */
export function changeTexts(updates: readonly RowUpdate[]): readonly string[] {
  const texts: string[] = [];
  let text = "";
  for (const { key, at, seq, timestampMs, value } of updates) {
    const head: Head = [key, at, seq, timestampMs, value?.length ?? GONE];
    const added = `${JSON.stringify(head)}\n${value ?? ""}`;
    if (text !== "" && text.length + added.length > MAX_CHARACTERS) {
      texts.push(text);
      text = "";
    }
    text += added;
  }
  return text === "" ? texts : [...texts, text];
}

export function readChanges(text: string): readonly RowUpdate[] {
  const updates: RowUpdate[] = [];
  for (let from = 0; from < text.length;) {
    const line = text.indexOf("\n", from);
    assert(line > from, "a change has a head");
    const [key, at, seq, timestampMs, characters] = JSON.parse(text.slice(from, line)) as Head;
    from = line + 1 + Math.max(0, characters);
    updates.push({ key, at, seq, timestampMs, value: characters === GONE ? undefined : text.slice(line + 1, from) });
  }
  return updates;
}
