import { refuse } from "../schema/error.ts";
import type { StoreAnswer, StoreDescription, StoreRow } from "../schema/rpc/store.ts";
import { jsonText } from "./answer.ts";
import { problem } from "./refuse.ts";
import type { CursorPage } from "./store-read.ts";

/** The fields of a row that its store names; `value` is JSON text already and goes out as it is, null where there is none. */
export function rowText(
  row: Pick<StoreRow, StoreDescription["key"][number]> & { readonly value: string | null },
  { key }: Pick<StoreDescription, "key">,
): string {
  const fields = key.map((field) => `"${field}":${JSON.stringify(row[field])}`);
  return `{${[...fields, `"value":${row.value}`].join(",")}}`;
}

export function valueAnswer(answer: StoreAnswer, { key, asOf }: { key: string; asOf: number | undefined }): Response {
  const [row] = answer.rows;
  if (row === undefined) return problem(refuse("not_found", `key ${JSON.stringify(key)} is not in the store`));
  const { topic, partition, offset } = answer;
  const since = asOf === undefined ? "" : `"timestamp":${row.timestampMs},`;
  const reflects = JSON.stringify({ topic, partition, offset }).slice(1);
  return jsonText(`{"key":${JSON.stringify(row.key)},"value":${row.value},${since}${reflects}`);
}

/** Of one key from its partition, whose input is then told beside the rows. */
export function pageAnswer(page: CursorPage, store: StoreDescription, ofKey: boolean): Response {
  const rows = page.rows.map((row) => rowText(row, store)).join(",");
  const list = `"${store.kind === "window" ? "windows" : "entries"}":[${rows}]`;
  const cursor = page.cursor === undefined ? "" : `,"cursor":${JSON.stringify(page.cursor)}`;
  const reflects = ofKey
    ? JSON.stringify(page.reflects[0]).slice(1, -1)
    : `"reflects":${JSON.stringify(page.reflects)}`;
  return jsonText(`{${list},${reflects}${cursor}}`);
}
