import { problemOf, type Answer, type Refusal } from "../../schema/error.ts";
import type { Appended } from "../../schema/rpc/log.ts";
import { awaitedText } from "./awaited.ts";
import { jsonText } from "../answer.ts";

/** What each touched partition said. */
export type Outcomes = ReadonlyMap<number, Answer<Appended>>;

function errorText(refusal: Refusal, partition: number): string {
  const { type: _type, title: _title, status: _status, detail, ...rest } = problemOf(refusal);
  return `{"error":${JSON.stringify({ ...rest, message: detail })},"partition":${partition}}`;
}

/** The refusal that stands for the whole request: all partitions refused, with one code (PRO-9). */
export function commonRefusal(outcomes: Outcomes): Refusal | undefined {
  let common: Refusal | undefined;
  for (const outcome of outcomes.values()) {
    if (outcome.ok || (common !== undefined && outcome.code !== common.code)) return undefined;
    common ??= outcome;
  }
  return common;
}

/**
 * One entry for each record in the order sent. `partitions[i]` is where record i went; records of one partition have
 * consecutive offsets in the order sent. Written as text: 10,000 small objects would only be made to be stringified.
 */
export function recordsAnswer(partitions: readonly number[], outcomes: Outcomes): Response {
  const next = new Map<number, number>();
  const errors = new Map<number, string>();
  let duplicate = partitions.length > 0;
  for (const [partition, outcome] of outcomes) {
    if (outcome.ok) next.set(partition, outcome.baseOffset);
    else errors.set(partition, errorText(outcome, partition));
    duplicate &&= outcome.ok && outcome.duplicate;
  }
  let text = "";
  for (const partition of partitions) {
    const offset = next.get(partition);
    if (text !== "") text += ",";
    text += offset === undefined ? errors.get(partition) : `{"partition":${partition},"offset":${offset}}`;
    if (offset !== undefined) next.set(partition, offset + 1);
  }
  const more = awaitedText([...outcomes].flatMap(([partition, one]) => (one.ok ? [[partition, one] as const] : [])));
  return jsonText(`{"offsets":[${text}]${duplicate ? ',"duplicate":true' : ""}${more}}`, errors.size > 0 ? 207 : 200);
}

/**
 * A duplicate older than what is remembered has base offset -1, and so has each of its records. No entry for each record
 * where `records` is not given.
 */
export function batchAnswer(partition: number, records: number | undefined, appended: Appended): Response {
  const { baseOffset, lastOffset, duplicate } = appended;
  const head = `"partition":${partition},"baseOffset":${baseOffset},"lastOffset":${lastOffset}`;
  const range = `${duplicate ? `${head},"duplicate":true` : head}${awaitedText([[partition, appended]])}`;
  if (records === undefined) return jsonText(`{${range}}`);
  const step = baseOffset < 0 ? 0 : 1;
  let offsets = "";
  for (let index = 0; index < records; index++) {
    offsets += `${index === 0 ? "" : ","}{"partition":${partition},"offset":${baseOffset + step * index}}`;
  }
  return jsonText(`{${range},"offsets":[${offsets}]}`);
}
