import { JsonWriter } from "../json-writer.ts";
import { writeRecordJson, type RecordTextOptions } from "../record-text.ts";
import type { ConsumerRecord } from "../record.ts";

/** `writeRecordJson` of one record, as a string. */
export function recordJson(record: ConsumerRecord, options: RecordTextOptions): string {
  const writer = new JsonWriter();
  writeRecordJson(writer, record, options);
  return writer.takeText();
}
