import type { Bytes, ConsumerRecord, Header, ProducerRecord } from "./record.ts";

/**
 * What a dead letter is. `record`: a record of the task's input that failed. `parked`: one that waits in its task, with all
 * later ones of its key. `result`: what a task was to pass on when a batch ended or time went on. `refused`: a row that a
 * target refused for good.
 */
export type LetterKind = "record" | "parked" | "result" | "refused";

/** Names of the headers that say why a record is a dead letter; they stand behind the record's own, the error first. */
export const LETTER = {
  error: "millrace.error",
  stack: "millrace.stack",
  pipeline: "millrace.pipeline",
  version: "millrace.version",
  incarnation: "millrace.incarnation",
  kind: "millrace.kind",
  task: "millrace.task",
  offset: "millrace.offset",
  node: "millrace.node",
  envelope: "millrace.envelope",
  target: "millrace.target",
  sequence: "millrace.sequence",
} as const;

export interface DeadLetter {
  /** Bounded text of what was thrown, or why the target refused. */
  readonly error: string;
  readonly stack: string;
  readonly kind: LetterKind;
  readonly pipeline: string;
  readonly version: number;
  readonly incarnation: number;
  /** What the task reads, an internal topic by its logical name. */
  readonly task: { readonly topic: string; readonly partition: number };
  /** In the task's input; -1 of what a target refused. */
  readonly taskOffset: number;
  readonly node: string;
  /** Of what a target refused: the name that the outbox has for it. */
  readonly target: string | undefined;
  /** As it came, without the headers of the letter. */
  readonly record: ProducerRecord;
  /** Of a record of an internal topic: what stands there in front of its value. */
  readonly envelope: Bytes | undefined;
}

const decoder = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });

/** Undefined for a record of the topic that no task of ours has sent. */
export function readDeadLetter({ key, value, timestampMs, headers }: ConsumerRecord): DeadLetter | undefined {
  // A record may come from another dead-letter topic: the last error begins this letter's own headers.
  const at = headers.findLastIndex((header) => header.key === LETTER.error);
  if (at < 0) return undefined;
  const own = headers.slice(at);
  const bytesOf = (name: string): Bytes | undefined => own.find((header) => header.key === name)?.value ?? undefined;
  const textOf = (name: string): string => decoder.decode(bytesOf(name) ?? new Uint8Array(0));
  const task = textOf(LETTER.task);
  const slash = task.lastIndexOf("/");
  const partition = Number(task.slice(slash + 1));
  // Anybody may write to the topic.
  if (slash < 0 || !Number.isSafeInteger(partition) || partition < 0) return undefined;
  const target = bytesOf(LETTER.target);
  return {
    error: textOf(LETTER.error),
    stack: textOf(LETTER.stack),
    kind: kindOf(textOf(LETTER.kind)),
    pipeline: textOf(LETTER.pipeline),
    version: Number(textOf(LETTER.version)),
    incarnation: Number(textOf(LETTER.incarnation)),
    task: { topic: task.slice(0, slash), partition },
    taskOffset: bytesOf(LETTER.offset) === undefined ? -1 : Number(textOf(LETTER.offset)),
    node: textOf(LETTER.node),
    target: target === undefined ? undefined : decoder.decode(target),
    record: { key, value, timestampMs, headers: headers.slice(0, at) },
    envelope: bytesOf(LETTER.envelope),
  };
}

/** The record as it lies in the log that the task reads. */
export function inputOf({ record, taskOffset, envelope }: DeadLetter): ConsumerRecord {
  if (envelope === undefined) return { ...record, offset: taskOffset };
  const value = new Uint8Array(envelope.length + (record.value?.length ?? 0));
  value.set(envelope);
  if (record.value !== null) value.set(record.value, envelope.length);
  return { ...record, value, offset: taskOffset };
}

function kindOf(text: string): LetterKind {
  switch (text) {
    case "record":
    case "parked":
    case "refused":
      return text;
    // Of an older version, which did not say.
    default:
      return "result";
  }
}

export function letterHeader(key: string, text: string): Header {
  return { key, value: new TextEncoder().encode(text) };
}
