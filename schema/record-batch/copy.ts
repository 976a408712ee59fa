import { TARGET_BATCH_BYTES } from "../limits.ts";
import type { Bytes } from "../record.ts";
import { crc32c } from "./crc32c.ts";
import { crcWithOtherBeginning } from "./crc32c-join.ts";
import type { EncodableRecord } from "./encode.ts";
import { writeInt64 } from "./int64.ts";
import * as layout from "./layout.ts";
import { type StoredBatch, StoredRecord } from "./stored-record.ts";

/** The same records in a batch of no producer and no place in a log, as `BatchBuilder` gives it. The batch is a plain one. */
export function withoutProducer(batch: Bytes): Bytes {
  const made = batch.slice();
  const view = layout.viewOf(made);
  const [before, crc] = [headCrc(made), view.getUint32(layout.CRC_AT)];
  writeInt64(view, layout.BASE_OFFSET_AT, 0);
  view.setInt32(layout.PARTITION_LEADER_EPOCH_AT, layout.NO_PARTITION_LEADER_EPOCH);
  writeInt64(view, layout.PRODUCER_ID_AT, -1);
  view.setInt16(layout.PRODUCER_EPOCH_AT, -1);
  view.setInt32(layout.BASE_SEQUENCE_AT, -1);
  const followingBytes = made.length - layout.RECORDS_AT;
  view.setUint32(layout.CRC_AT, crcWithOtherBeginning(crc, { before, after: headCrc(made), followingBytes }));
  return made;
}

/** Of that part of the header which the CRC of the batch covers. */
function headCrc(batch: Bytes): number {
  return crc32c(batch.subarray(layout.ATTRIBUTES_AT, layout.RECORDS_AT));
}

/** The first records of a stored batch, on their way into another one with the bytes that they have. */
export class BatchCopy {
  #batch: StoredBatch | undefined;
  #count = 0;
  #end = layout.RECORDS_AT;
  #maxTimestamp = 0;

  /** There must be records. */
  get batch(): StoredBatch {
    if (this.#batch === undefined) throw new RangeError("no record is copied");
    return this.#batch;
  }

  get count(): number {
    return this.#count;
  }

  /** Where they end in their batch. */
  get end(): number {
    return this.#end;
  }

  get maxTimestamp(): number {
    return this.#maxTimestamp;
  }

  /** They are all that the batch has. */
  get whole(): boolean {
    return this.#count > 0 && this.#end === this.batch.bytes.length;
  }

  /** Takes the record if it is the next of the batch, or begins one that can be copied and is not above TARGET_BATCH_BYTES. */
  take(record: EncodableRecord): boolean {
    if (!(record instanceof StoredRecord)) return false;
    const { batch } = record;
    if (this.#count === 0 ? !batch.plain || batch.bytes.length > TARGET_BATCH_BYTES : batch !== this.#batch)
      return false;
    if (record.from !== this.#end || record.offset !== batch.header.baseOffset + this.#count) return false;
    if (this.#count === 0 || record.timestampMs > this.#maxTimestamp) this.#maxTimestamp = record.timestampMs;
    this.#batch = batch;
    this.#end = record.to;
    this.#count++;
    return true;
  }

  clear(): void {
    this.#batch = undefined;
    this.#count = 0;
    this.#end = layout.RECORDS_AT;
  }
}
