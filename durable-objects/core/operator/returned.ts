import type { KeyValue, PlanKey } from "../../../schema/plan.ts";
import type { ProcessResult } from "../../../schema/processor-functions.ts";
import { LivePayload, type Payload } from "./payload.ts";
import { checkKey } from "./record-key.ts";
import { type Origin, StreamRecord } from "./stream-record.ts";

/** The record made of a `{key, value}` that user code returned. */
export function returned(pair: KeyValue, from: StreamRecord, node: string): StreamRecord {
  if (typeof pair !== "object" || pair === null)
    throw new TypeError(`${node} returned ${typeof pair}, not {key, value}`);
  return new StreamRecord(returnedKey(pair.key, from.key, node), returnedValue(pair.value, node), from);
}

export function returnedValue(value: unknown, node: string): Payload {
  if (value === undefined) throw new TypeError(`${node} returned undefined; a tombstone is null`);
  return new LivePayload(value);
}

/** A key handed back unchanged needs no second look. */
export function returnedKey(key: unknown, before: PlanKey, node: string): PlanKey {
  return key === before && typeof key === "string" ? key : checkKey(key, node);
}

/** What user code gave to be gone through. Text is refused: it would fall into characters. */
export function returnedItems<Item>(items: Iterable<Item>, node: string): Item[] {
  const iterable = typeof items === "object" && items !== null && Symbol.iterator in items;
  if (!iterable)
    throw new TypeError(`${node} returned ${items === null ? "null" : typeof items}, not an array or another iterable`);
  // Read to its end before anything is passed on: a generator's own code is this node's, and never runs in between.
  return [...items];
}

/** What a result takes its time and its place from. */
export interface Cause {
  readonly timestampMs: number;
  readonly origin: Origin;
}

/** The record made of a `{value, key?, timestampMs?}` that user code sent. */
export function resultOf(
  result: ProcessResult,
  from: Cause & { readonly key: string | null },
  node: string,
): StreamRecord {
  if (typeof result !== "object" || result === null) {
    throw new TypeError(`${node} sends ${result === null ? "null" : typeof result}, not {value, key?, timestampMs?}`);
  }
  const { timestampMs = from.timestampMs } = result;
  if (!Number.isSafeInteger(timestampMs) || timestampMs < 0) {
    throw new RangeError(`${node} sends a record of time ${timestampMs}; a time is whole milliseconds since 1970`);
  }
  const key = result.key === undefined ? from.key : checkKey(result.key, node);
  return new StreamRecord(key, returnedValue(result.value, node), { timestampMs, origin: from.origin });
}
