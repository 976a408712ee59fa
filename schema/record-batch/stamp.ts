import { crc32c, Crc32c } from "./crc32c.ts";
import { readInt64, writeInt64 } from "./int64.ts";
import * as layout from "./layout.ts";
import { RecordCursor } from "./record-cursor.ts";

/** Gives a batch its place in a log, in place. The field lies outside the CRC (BAT-16). */
export function stampBaseOffset(batch: Uint8Array, offset: number): void {
  writeInt64(layout.viewOf(batch), layout.BASE_OFFSET_AT, offset);
}

/** Gives all records of a batch the time of the log, in place, as a broker does for LogAppendTime topics (BAT-16). */
export function stampLogAppendTime(batch: Uint8Array, nowMs: number): void {
  const view = layout.viewOf(batch);
  view.setInt16(layout.ATTRIBUTES_AT, view.getInt16(layout.ATTRIBUTES_AT) | layout.LOG_APPEND_TIME_BIT);
  writeInt64(view, layout.MAX_TIMESTAMP_AT, nowMs);
  view.setUint32(layout.CRC_AT, crc32c(batch, layout.ATTRIBUTES_AT));
}

/**
 * A CRC-32C that is equal for equal records, to tell a retry from a sequence used twice (BAT-17). It sees the number of
 * records and each one's key, value and headers in their order. It does not see offsets, producer fields, the timestamp
 * type, nor any timestamp but those of the records for which `sees` answers true: a server that fills in missing times
 * names the others, whose times the client gave.
 *
 * A compressed section is taken as it is, times included: equal bytes are equal records, but not the other way round.
 */
export function fingerprintOf(batch: Uint8Array, sees: (index: number) => boolean = () => false): number {
  const view = layout.viewOf(batch);
  const sum = new Crc32c().update(batch, layout.RECORD_COUNT_AT, layout.RECORDS_AT);
  if ((view.getInt16(layout.ATTRIBUTES_AT) & layout.CODEC_MASK) !== 0) {
    return sum.update(batch, layout.RECORDS_AT, batch.length).value;
  }
  const baseTimestamp = readInt64(view, layout.BASE_TIMESTAMP_AT);
  const timestamp = new Uint8Array(8);
  const timestampView = layout.viewOf(timestamp);
  const cursor = new RecordCursor(batch, layout.RECORDS_AT);
  const count = view.getInt32(layout.RECORD_COUNT_AT);
  for (let index = 0; index < count; index++) {
    if (!cursor.next()) throw new Error(`malformed batch: records[${index}]: ${cursor.problem}`);
    sum.update(batch, cursor.offsetDeltaAt, cursor.end);
    if (!sees(index)) continue;
    writeInt64(timestampView, 0, baseTimestamp + cursor.timestampDelta);
    sum.update(timestamp, 0, timestamp.length);
  }
  return sum.value;
}
