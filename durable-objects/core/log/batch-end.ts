import { readHeader } from "../../../schema/record-batch/decode.ts";
import type { Bytes, ConsumerRecord } from "../../../schema/record.ts";
import type { BatchEnd, InputRecord } from "../task/task-port.ts";

/** The records of a stored batch of an internal topic, the last with what the batch says of its upstream. */
export function withBatchEnd(batch: Bytes, records: readonly ConsumerRecord[]): readonly InputRecord[] {
  const last = records.at(-1);
  if (last === undefined) return records;
  return [...records.slice(0, -1), { ...last, batchEnd: batchEndOf(batch) }];
}

function batchEndOf(batch: Bytes): BatchEnd {
  const { producerId, maxTimestamp, control } = readHeader(batch);
  return { upstream: producerId, progressMs: maxTimestamp, control };
}
