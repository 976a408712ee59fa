import type { Bytes } from "../../schema/record.ts";
import { crc32c } from "../../schema/record-batch/crc32c.ts";
import { writeInt64 } from "../../schema/record-batch/int64.ts";
import * as layout from "../../schema/record-batch/layout.ts";

/** What identifies a batch to its partition. */
export interface SequenceFields {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly baseSequence: number;
}

/** A copy with other fields and its CRC made true. A copy, because a request may still be reading the original. */
export function withProducer(batch: Bytes, fields: SequenceFields): Bytes {
  const made = batch.slice();
  const view = layout.viewOf(made);
  writeInt64(view, layout.PRODUCER_ID_AT, fields.producerId);
  view.setInt16(layout.PRODUCER_EPOCH_AT, fields.producerEpoch);
  view.setInt32(layout.BASE_SEQUENCE_AT, fields.baseSequence);
  view.setUint32(layout.CRC_AT, crc32c(made, layout.ATTRIBUTES_AT));
  return made;
}
