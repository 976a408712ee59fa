import { batchesIn, forEachRecord, readHeader } from "../../schema/record-batch/decode.ts";
import type { ConsumerRecord } from "../../schema/record.ts";
import type { ReadAnswer } from "../../schema/rpc/log.ts";
import { decompress } from "../../durable-objects/gzip.ts";

export interface Selection {
  readonly records: readonly ConsumerRecord[];
  readonly nextOffset: number;
}

function sizeOf({ key, value, headers }: ConsumerRecord): number {
  let size = (key?.byteLength ?? 0) + (value?.byteLength ?? 0);
  for (const header of headers) size += header.key.length + (header.value?.byteLength ?? 0);
  return size;
}

/**
 * The records from `startOffset` on, cut at `maxRecords` and at `maxBytes` of keys, values and headers; the first always
 * (REA-1). A partition answers whole batches: the first may begin earlier and the last may end later. Where nothing is cut,
 * `nextOffset` is the end of the last batch, so that a gap at its end is not read again.
 */
export function selectRecords(
  { batches, startOffset }: ReadAnswer,
  limits: { readonly maxRecords: number; readonly maxBytes: number },
): Selection {
  const records: ConsumerRecord[] = [];
  let nextOffset = startOffset;
  let bytes = 0;
  let cut = false;
  for (const batch of batchesIn(batches)) {
    forEachRecord(batch, decompress, (record) => {
      if (record.offset < startOffset) return undefined;
      bytes += sizeOf(record);
      cut = records.length > 0 && (records.length === limits.maxRecords || bytes > limits.maxBytes);
      if (cut) return false;
      records.push(record);
      nextOffset = record.offset + 1;
      return undefined;
    });
    if (cut) return { records, nextOffset };
    nextOffset = Math.max(nextOffset, readHeader(batch).lastOffset + 1);
  }
  return { records, nextOffset };
}
