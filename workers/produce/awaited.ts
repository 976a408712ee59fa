import { JsonWriter } from "../../schema/json-writer.ts";
import { writeSentRecordJson } from "../../schema/record-text.ts";
import type { Appended } from "../../schema/rpc.ts";

/**
 * What a request waited for, as members of its answer: `processed` where every partition says it, `delivered` when nothing
 * is on its way any more. Empty text when it did not wait.
 */
export function awaitedText(appends: readonly (readonly [partition: number, appended: Appended])[]): string {
  const asked = appends.filter(([, { processed, delivered }]) => processed !== undefined || delivered !== undefined);
  if (asked.length === 0 || asked.length < appends.length) return "";
  if (asked.some(([, { delivered }]) => delivered !== undefined)) {
    return `,"delivered":${asked.every(([, { delivered }]) => delivered === true)}`;
  }
  const writer = new JsonWriter();
  writer.text(',"processed":[');
  let first = true;
  for (const [partition, { processed = [] }] of asked) {
    for (const { pipeline, records } of processed) {
      writer.text(`${first ? "" : ","}{"pipeline":${JSON.stringify(pipeline)},"partition":${partition},"records":[`);
      for (const [index, record] of records.entries()) {
        if (index > 0) writer.text(",");
        writeSentRecordJson(writer, record);
      }
      writer.text("]}");
      first = false;
    }
  }
  writer.text("]");
  return writer.takeText();
}
