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

export function unlogged(body: Bytes): Iterable<ConsumerRecord> {
  return decodeRecords(body, decompress);
}
