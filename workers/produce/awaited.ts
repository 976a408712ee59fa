import { JsonWriter } from "../../schema/json-writer.ts";
import { writeSentRecordJson } from "../../schema/record-text.ts";
import type { Appended, Processed } from "../../schema/rpc/log.ts";

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
  const processed = asked.flatMap(([partition, appended]) =>
    (appended.processed ?? []).map((one) => ({ ...one, partition })),
  );
  writer.text(',"processed":[');
  for (const [index, one] of processed.entries()) {
    if (index > 0) writer.text(",");
    writeProcessed(writer, one);
  }
  writer.text("]");
  return writer.takeText();
}

function writeProcessed(writer: JsonWriter, one: Processed & { readonly partition: number }): void {
  writer.text(`{"pipeline":${JSON.stringify(one.pipeline)},"partition":${one.partition},"records":[`);
  for (const [index, record] of one.records.entries()) {
    if (index > 0) writer.text(",");
    writeSentRecordJson(writer, record);
  }
  writer.text("]}");
}
