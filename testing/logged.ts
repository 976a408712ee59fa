import { withBatchEnd } from "../durable-objects/core/log/batch-end.ts";
import type { InputRecord } from "../durable-objects/core/task/task-port.ts";
import { decodeRecords, type Decompress } from "../schema/record-batch/decode.ts";
import { encodeBatch } from "../schema/record-batch/encode.ts";
import type { Bytes, ConsumerRecord, ProducerRecord } from "../schema/record.ts";

/** Our own encoder does not compress. */
const decompress: Decompress = (codec) => {
  throw new Error(`a batch of the test driver is compressed with ${codec}`);
};

/** Records as they come out of a log that had `baseOffset` records before them: encoded and decoded. */
export function* logged(records: readonly ProducerRecord[], baseOffset: number): Generator<ConsumerRecord> {
  for (const [index, record] of records.entries()) {
    for (const read of unlogged(encodeBatch([record]))) yield { ...read, offset: baseOffset + index };
  }
}

/** Records of a batch that another task sent. */
export function* internallyLogged(batch: Bytes, baseOffset: number): Generator<InputRecord> {
  for (const record of withBatchEnd(batch, decodeRecords(batch, decompress)))
    yield { ...record, offset: baseOffset + record.offset };
}

export function unlogged(body: Bytes): Iterable<ConsumerRecord> {
  return decodeRecords(body, decompress);
}
