import { refuse, type Answer } from "../../schema/error.ts";
import { fingerprintOf } from "../../schema/record-batch/stamp.ts";
import { validateBatch } from "../../schema/record-batch/validate.ts";
import type { Bytes } from "../../schema/record.ts";
import type { AppendRequest } from "../../schema/rpc/log.ts";
import { decompress } from "../../durable-objects/gzip.ts";
import type { RequestProducer } from "./request-sequence.ts";

export interface BatchAppend {
  readonly append: AppendRequest;
  readonly records: number;
}

/** A view sent over RPC would carry its whole buffer. */
function ownBuffer(bytes: Bytes): Bytes {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : bytes.slice();
}

/** One RecordBatch, checked whole and taken as it is (PRO-11). Its own producer fields or the headers count, not both. */
export function batchAppend(bytes: Bytes, producer: RequestProducer | undefined): Answer<BatchAppend> {
  const valid = validateBatch(bytes, decompress);
  if (!valid.ok) return valid;
  const { header, largestRecordBytes } = valid;
  const records = header.recordCount;
  if (producer === undefined) return { ok: true, append: { batch: ownBuffer(bytes), largestRecordBytes }, records };
  if (header.producerId >= 0) {
    const hint = "Leave out the Producer headers, or send producer id -1 inside the batch";
    return refuse("invalid_request", `the batch has producer ${header.producerId} of its own`, {
      hint,
      field: "Producer-Id",
    });
  }
  // All its times are the client's, so all of them tell batches apart.
  const fingerprint = fingerprintOf(bytes, () => true);
  return {
    ok: true,
    append: { batch: ownBuffer(bytes), largestRecordBytes, requestSequence: { ...producer, fingerprint } },
    records,
  };
}
