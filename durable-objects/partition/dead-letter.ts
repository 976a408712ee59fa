import { LETTER, letterHeader } from "../../schema/dead-letter.ts";
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
  const dot = task.name.lastIndexOf(".");
  const reasons = [
    letterHeader(LETTER.error, refused.reason),
    letterHeader(LETTER.pipeline, task.pipeline),
    letterHeader(LETTER.version, String(task.version)),
    letterHeader(LETTER.incarnation, String(task.incarnation)),
    letterHeader(LETTER.kind, "refused"),
    letterHeader(LETTER.task, `${task.name.slice(0, dot)}/${task.name.slice(dot + 1)}`),
    letterHeader(LETTER.target, target),
    letterHeader(LETTER.sequence, String(refused.sequence)),
  ];
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
