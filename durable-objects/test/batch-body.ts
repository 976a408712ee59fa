import type { Bytes, ConsumerRecord } from "../../schema/record.ts";
import { decodeRecords } from "../../schema/record-batch/decode.ts";

/** The records of a RecordBatch that a task wrote: never compressed. */
export function recordsOf(body: Bytes): ConsumerRecord[] {
  return decodeRecords(body, () => {
    throw new Error("a task does not compress");
  });
}
