import { recordsSection, withRecordsSection } from "../record-batch/compress.ts";
import * as layout from "../record-batch/layout.ts";
import type { Bytes } from "../record.ts";

/** The batch with its records section compressed, whether that makes it smaller or not. */
export function compressBatch(
  batch: Bytes,
  codec: Exclude<layout.Codec, "none">,
  compress: (raw: Bytes) => Uint8Array,
): Bytes {
  if ((layout.viewOf(batch).getInt16(layout.ATTRIBUTES_AT) & layout.CODEC_MASK) !== 0) {
    throw new RangeError("the batch is compressed already");
  }
  return withRecordsSection(batch, codec, compress(recordsSection(batch)));
}
