import { refuse, type Answer, type Refusal } from "../../schema/error.ts";
import { MAX_BATCH_BYTES } from "../../schema/limits.ts";
import type { ProduceInput } from "../../schema/produce-record.ts";
import { BatchBuilder } from "../../schema/record-batch/encode.ts";
import { fingerprintOf } from "../../schema/record-batch/stamp.ts";
import type { AppendRequest } from "../../schema/rpc/log.ts";
import type { RequestProducer } from "./request-sequence.ts";

export interface EncodeRequest {
  readonly records: readonly ProduceInput[];
  /** `placed[i]` is the partition of record i. */
  readonly placed: readonly number[];
  /** The time of records that have none. */
  readonly nowMs: number;
  readonly producer: RequestProducer | undefined;
}

/** A batch in the making, and which of its records came with a time. */
interface Filling {
  readonly builder: BatchBuilder;
  readonly timed: boolean[];
}

/** Above what the framing of one record takes; headers are rare and let the buffer grow. */
const FRAME_BYTES = 40;

/** Buffers of about the right size from the start: one that grows is copied each time it doubles. */
function startBatches({ records, placed }: EncodeRequest): Map<number, Filling> {
  const sizes = new Map<number, number>();
  for (const [index, { key, value }] of records.entries()) {
    const partition = placed[index] ?? 0;
    const size = FRAME_BYTES + (key?.length ?? 0) + (value?.length ?? 0);
    sizes.set(partition, (sizes.get(partition) ?? 2 * FRAME_BYTES) + size);
  }
  const batches = new Map<number, Filling>();
  for (const [partition, size] of sizes) {
    batches.set(partition, { builder: new BatchBuilder(Math.min(size, MAX_BATCH_BYTES)), timed: [] });
  }
  return batches;
}

function tooLarge(partition: number): Refusal {
  const message = `the records for partition ${partition} make a batch of more than ${MAX_BATCH_BYTES} bytes`;
  const hint = "Send fewer records at once: what goes to one partition is stored whole or not at all";
  return refuse("batch_too_large", message, { hint });
}

/**
 * One RecordBatch for each touched partition, in the order sent. Several batches for one partition would be neither atomic
 * nor one sequence, so more than fits into one is refused.
 */
export function encodeAppends(
  request: EncodeRequest,
): Answer<{ readonly appends: ReadonlyMap<number, AppendRequest> }> {
  const { records, placed, nowMs, producer } = request;
  const batches = startBatches(request);
  for (const [index, { key, value, headers, timestampMs }] of records.entries()) {
    const partition = placed[index] ?? 0;
    const batch = batches.get(partition);
    if (batch === undefined) continue;
    batch.builder.add({ key, value, headers, timestampMs: timestampMs ?? nowMs });
    if (producer !== undefined) batch.timed.push(timestampMs !== undefined);
    if (batch.builder.bytes > MAX_BATCH_BYTES) return tooLarge(partition);
  }
  const appends = new Map<number, AppendRequest>();
  for (const [partition, { builder, timed }] of batches) {
    const { largestRecordBytes } = builder;
    const batch = builder.take();
    if (producer === undefined) appends.set(partition, { batch, largestRecordBytes });
    else {
      // Times that this request filled in differ between a request and its retry.
      const fingerprint = fingerprintOf(batch, (index) => timed[index] === true);
      appends.set(partition, { batch, largestRecordBytes, requestSequence: { ...producer, fingerprint } });
    }
  }
  return { ok: true, appends };
}
