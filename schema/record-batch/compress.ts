import type { Bytes } from "../record.ts";
import { crc32c } from "./crc32c.ts";
import * as layout from "./layout.ts";

/** What a codec works on: everything after the header, record count excluded. A view. */
export function recordsSection(batch: Bytes): Bytes {
  return batch.subarray(layout.RECORDS_AT);
}

/** A new batch: this one's header, `section` as its records, with length, codec and CRC made true. */
export function withRecordsSection(batch: Bytes, codec: layout.Codec, section: Uint8Array): Bytes {
  const made = new Uint8Array(layout.RECORDS_AT + section.length);
  made.set(batch.subarray(0, layout.RECORDS_AT));
  made.set(section, layout.RECORDS_AT);
  const view = layout.viewOf(made);
  const attributes = view.getInt16(layout.ATTRIBUTES_AT) & ~layout.CODEC_MASK;
  view.setInt16(layout.ATTRIBUTES_AT, attributes | layout.CODECS.indexOf(codec));
  view.setInt32(layout.BATCH_LENGTH_AT, made.length - layout.LENGTH_PREFIX_BYTES);
  view.setUint32(layout.CRC_AT, crc32c(made, layout.ATTRIBUTES_AT));
  return made;
}
