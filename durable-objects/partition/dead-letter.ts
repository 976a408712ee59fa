import { encodeBatch } from "../../schema/record-batch/encode.ts";
import type { Header } from "../../schema/record.ts";
import type { OutboxRow } from "../core/task/task-port.ts";
import type { StoredRow } from "../sqlite/outbox-table.ts";
import type { AttachedTask } from "./attached-task.ts";

interface Refused {
  readonly row: StoredRow;
  readonly target: string;
  readonly reason: string;
  readonly nowMs: number;
}

/** An outbox row that its target refused, as one record of the pipeline's dead-letter topic. */
export function deadLetterOf(task: AttachedTask, { row, target, reason, nowMs }: Refused): OutboxRow | undefined {
  const topic = task.plan?.deadLetterTopic;
  if (topic === undefined) return undefined;
  const headers: Header[] = Object.entries({
    "millrace.error": reason,
    "millrace.pipeline": task.pipeline,
    "millrace.version": String(task.version),
    "millrace.task": task.name,
    "millrace.target": target,
    "millrace.sequence": String(row.sequence),
  }).map(([key, value]) => ({ key, value: new Uint8Array(new TextEncoder().encode(value)) }));
  const body = encodeBatch([{ key: null, value: row.body, timestampMs: nowMs, headers }]);
  return { target: `topic:${topic}/0`, records: 1, body };
}
