import { skipJson } from "../../schema/json-text.ts";
import type { Bytes } from "../../schema/record.ts";
import { joinBytes } from "../bytes.ts";
import { assert } from "../core/assert.ts";

const COMMA = new Uint8Array([0x2c]);

/** The rows of a `d1:` outbox body, `[…],[…]`, each as its exact text. */
export function splitRows(body: Bytes): Bytes[] {
  const rows: Bytes[] = [];
  for (let at = 0; at < body.length;) {
    const end = skipJson(body, at);
    assert(end > at, "a d1 body holds JSON rows");
    rows.push(body.slice(at, end));
    at = end + COMMA.length;
  }
  return rows;
}

export function joinRows(rows: readonly Bytes[]): Bytes {
  return joinBytes(rows.flatMap((row, index) => (index === 0 ? [row] : [COMMA, row])));
}
