import type { Bytes } from "../../../schema/record.ts";
import type { EncodableRecord } from "../../../schema/record-batch/encode.ts";
import { utf8 } from "../operator/key-text.ts";
import { isInternal } from "../../../schema/internal-topic.ts";
import type { WatchedRecord } from "./task-port.ts";

/** An item of the outbox as a record of a users' topic; undefined when it goes elsewhere. */
export function watchedRecord(offset: number, target: string, item: unknown): WatchedRecord | undefined {
  const [, topic = "", partition = ""] = /^topic:(.*)\/(\d+)$/s.exec(target) ?? [];
  if (topic === "" || isInternal(topic)) return undefined;
  const { key, value, timestampMs, headers } = item as EncodableRecord;
  const sent = { key: bytesOf(key), value: bytesOf(value), timestampMs };
  return {
    offset,
    topic,
    partition: Number(partition),
    ...sent,
    headers: headers.map((header) => ({ ...header, value: bytesOf(header.value) })),
  };
}

/** A copy: the bytes may be the log's, which the slice gives back. */
function bytesOf(field: Bytes | string | null): Bytes | null {
  return typeof field === "string" ? utf8(field) : (field?.slice() ?? null);
}
