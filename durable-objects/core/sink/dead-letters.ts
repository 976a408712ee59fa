import { partitionForKey } from "../../../schema/murmur2.ts";
import type { Bytes, ConsumerRecord, Header } from "../../../schema/record.ts";
import { errorText } from "./error-text.ts";
import type { Outbox } from "./outbox.ts";
import { RecordTarget } from "./record-target.ts";

const encoder = new TextEncoder();

export interface DeadLetterOptions {
  readonly topic: string;
  readonly partitions: number;
  readonly pipeline: string;
  readonly version: number;
  /** `<topic>/<partition>` of the input log. */
  readonly task: string;
}

/** Records that could not be processed, as they came, with headers `millrace.*` that say why. */
export class DeadLetters {
  readonly #options: DeadLetterOptions;
  readonly #outbox: Outbox;

  constructor(options: DeadLetterOptions, outbox: Outbox) {
    this.#options = options;
    this.#outbox = outbox;
  }

  add(record: ConsumerRecord, thrown: unknown, node: string): void {
    const { topic, partitions, pipeline, version, task } = this.#options;
    const { message, stack } = errorText(thrown);
    const headers = [
      ...record.headers,
      header("millrace.error", message),
      header("millrace.stack", stack),
      header("millrace.pipeline", pipeline),
      header("millrace.version", `${version}`),
      header("millrace.task", task),
      header("millrace.offset", `${record.offset}`),
      header("millrace.node", node),
    ];
    const { key, value, timestampMs } = record;
    const partition = partitionForKey(key ?? encoder.encode(`${task}/${record.offset}`), partitions);
    const item = { key, value, timestampMs, headers };
    this.#outbox.put(`topic:${topic}/${partition}`, item, (target) => new RecordTarget(target));
  }
}

function header(key: string, text: string): Header {
  const value: Bytes = encoder.encode(text);
  return { key, value };
}
