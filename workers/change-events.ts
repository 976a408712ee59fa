import type { ChangesAnswer, StoreChange, StoreDescription } from "../schema/rpc/store.ts";
import { rowText } from "./store-text.ts";

const encoder = new TextEncoder();

/** Sent when there is nothing to tell, so that both ends know that the other is there. */
const KEEP_ALIVE = ": nothing new\n\n";
/** How long a browser waits before it connects again, ms. */
const RETRY = "retry: 1000\n\n";

export function firstEvent(): Uint8Array {
  return encoder.encode(RETRY);
}

/**
 * `changes`, then `snapshot` where one is being taken. The position stands at the last of both: a follower that has lost the
 * second gets both again.
 */
export function eventText(answer: ChangesAnswer, id: string, store: StoreDescription): Uint8Array {
  const { topic, partition, offset, reset, changes, rows, ready } = answer;
  const at = `"topic":${JSON.stringify(topic)},"partition":${partition},"offset":${offset}`;
  const events: string[] = [];
  if (changes.length > 0) {
    events.push(`event: changes\ndata: {${at},"changes":[${oneLine(changes.map((row) => changeText(row, store)))}]}\n`);
  }
  if (reset || ready || rows.length > 0) {
    const list = oneLine(rows.map((row) => rowText(row, store)));
    events.push(`event: snapshot\ndata: {${at},"reset":${reset},"ready":${ready},"rows":[${list}]}\n`);
  }
  if (events.length === 0) return encoder.encode(KEEP_ALIVE);
  return encoder.encode(`${events.join("\n")}id: ${id}\n\n`);
}

/** JSON as it is stored may have line breaks between its parts; in its strings they are escaped. */
function oneLine(texts: readonly string[]): string {
  return texts.join(",").replaceAll(/[\r\n]+/g, " ");
}

function changeText({ value, ...row }: StoreChange, store: StoreDescription): string {
  if (value !== null) return rowText({ ...row, value }, store);
  const fields = store.key.map((field) => `"${field}":${JSON.stringify(row[field])}`);
  return `{${[...fields, '"removed":true'].join(",")}}`;
}
