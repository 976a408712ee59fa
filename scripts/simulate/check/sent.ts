import { decompress } from "../../../durable-objects/gzip.ts";
import type { Bytes } from "../../../schema/record.ts";
import { decodeRecords, readHeader } from "../../../schema/record-batch/decode.ts";
import type { SentRow } from "../ledger.ts";

const decoder = new TextDecoder();
/** What the crash guard says of a record that it gives up. */
const TERMINATED = "the object ended while this record was processed";

/** A record as the checks compare it. */
export interface SeenRecord {
  readonly key: string | null;
  readonly value: string | null;
  readonly timestampMs: number;
  readonly headers: readonly (readonly [string, string | null])[];
}

export function textOf(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : decoder.decode(bytes);
}

/** Records of a batch; none of a control batch, whose progress depends on how a task was sliced. */
export function recordsIn(batch: Bytes): SeenRecord[] {
  if (batch.byteLength === 0 || readHeader(batch).control) return [];
  return decodeRecords(batch, decompress).map(({ key, value, timestampMs, headers }) => ({
    key: textOf(key),
    value: textOf(value),
    timestampMs,
    // A stack depends on who called.
    headers: headers
      .filter((header) => header.key !== "millrace.stack")
      .map((header) => [header.key, textOf(header.value)]),
  }));
}

/** What a task sent to each target, put together: records of topics, the text of other targets. */
export function sentBy(rows: readonly { target: string; body: Bytes }[]): { [target: string]: unknown } {
  const records = new Map<string, SeenRecord[]>();
  const texts = new Map<string, string>();
  for (const { target, body } of rows) {
    if (target.startsWith("topic:")) {
      // What a target refused is no result of the task.
      const some = recordsIn(body).filter(({ headers }) => headers.every(([name]) => name !== "millrace.target"));
      if (some.length > 0) records.set(target, [...(records.get(target) ?? []), ...some]);
      continue;
    }
    const before = texts.get(target);
    const comma = before !== undefined && target.startsWith("d1:") ? "," : "";
    texts.set(target, `${before ?? ""}${comma}${textOf(body)}`);
  }
  return Object.fromEntries([...records, ...texts].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** Offsets of records that the crash guard gave up, with what it said: the task's only input besides log and journal. */
export function terminatedIn(rows: readonly SentRow[]): ReadonlyMap<number, string> {
  const found = new Map<number, string>();
  for (const { target, made } of rows) {
    if (!target.startsWith("topic:")) continue;
    for (const { headers } of recordsIn(made)) {
      const { "millrace.error": error, "millrace.offset": offset } = Object.fromEntries(headers);
      if (error?.includes(TERMINATED) === true) found.set(Number(offset), error);
    }
  }
  return found;
}

const SHOWN = 600;

/** One line where both are not the same, with the first place at which they differ. */
export function difference(what: string, { once, here }: { once: unknown; here: unknown }): string[] {
  const [wanted, found] = [JSON.stringify(once) ?? "nothing", JSON.stringify(here) ?? "nothing"];
  if (wanted === found) return [];
  let at = 0;
  while (wanted[at] === found[at]) at++;
  const from = Math.max(0, at - 80);
  const part = (text: string): string => text.slice(from, from + SHOWN);
  return [`${what} differs at ${at}:\n    should be …${part(wanted)}\n    is        …${part(found)}`];
}
