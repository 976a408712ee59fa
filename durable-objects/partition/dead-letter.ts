import { TARGET_BATCH_BYTES } from "../../schema/limits.ts";
import { BatchBuilder } from "../../schema/record-batch/encode.ts";
import type { OutboxRow } from "../core/task/task-port.ts";
import type { Refused } from "../sink/sink.ts";
import type { AttachedTask } from "./attached-task.ts";

/**
 * What a target refused, as rows for the pipeline's dead-letter topic: a record each, with the reason in its headers.
 * Nothing for what the dead-letter topic itself refused: there is no place left, and the count stays.
 */
export function deadLettersOf(
  task: AttachedTask,
  { refused, target, nowMs }: { refused: Refused; target: string; nowMs: number },
): OutboxRow[] {
  const topic = task.plan?.deadLetterTopic ?? `${task.pipeline}.dead-letters`;
  if (target.startsWith(`topic:${topic}/`)) return [];
  const reasons = Object.entries({
    "millrace.error": refused.reason,
    "millrace.pipeline": task.pipeline,
    "millrace.version": String(task.version),
    "millrace.task": task.name,
    "millrace.target": target,
    "millrace.sequence": String(refused.sequence),
  }).map(([key, value]) => ({ key, value }));
  const rows: OutboxRow[] = [];
  const builder = new BatchBuilder();
  const close = (): void => {
    if (builder.count > 0) rows.push({ target: `topic:${topic}/0`, records: builder.count, body: builder.take() });
  };
  for (const { key, value, headers } of refused.letters) {
    builder.add({ key, value, timestampMs: nowMs, headers: [...headers, ...reasons] });
    if (builder.bytes >= TARGET_BATCH_BYTES / 2) close();
  }
  close();
  return rows;
}
