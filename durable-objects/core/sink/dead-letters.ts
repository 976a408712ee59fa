import { LETTER, type LetterKind, letterHeader } from "../../../schema/dead-letter.ts";
import { partitionForKey } from "../../../schema/murmur2.ts";
import type { Bytes, ConsumerRecord } from "../../../schema/record.ts";
import { errorText } from "./error-text.ts";
import type { Outbox } from "./outbox.ts";
import { RecordTarget } from "./record-target.ts";

const encoder = new TextEncoder();

export interface DeadLetterOptions {
  readonly topic: string;
  readonly partitions: number;
  readonly pipeline: string;
  readonly version: number;
  readonly incarnation: number;
  /** `<topic>/<partition>` of the input log. */
  readonly task: string;
}

/** Why a record is a dead letter. */
export interface Cause {
  readonly thrown: unknown;
  readonly node: string;
  readonly kind: LetterKind;
  /** Of a record of an internal topic. */
  readonly envelope?: Bytes | undefined;
}

/** Records that could not be processed, as they came, with headers `millrace.*` that say why. */
export class DeadLetters {
  readonly #options: DeadLetterOptions;
  readonly #outbox: Outbox;

  constructor(options: DeadLetterOptions, outbox: Outbox) {
    this.#options = options;
    this.#outbox = outbox;
  }

  add(record: ConsumerRecord, { thrown, node, kind, envelope }: Cause): void {
    const { topic, partitions, pipeline, version, incarnation, task } = this.#options;
    const { message, stack } = errorText(thrown);
    const headers = [
      ...record.headers,
      letterHeader(LETTER.error, message),
      letterHeader(LETTER.stack, stack),
      letterHeader(LETTER.pipeline, pipeline),
      letterHeader(LETTER.version, `${version}`),
      letterHeader(LETTER.incarnation, `${incarnation}`),
      letterHeader(LETTER.kind, kind),
      letterHeader(LETTER.task, task),
      letterHeader(LETTER.offset, `${record.offset}`),
      letterHeader(LETTER.node, node),
      ...(envelope === undefined ? [] : [{ key: LETTER.envelope, value: envelope }]),
    ];
    const { key, value, timestampMs } = record;
    const partition = partitionForKey(key ?? encoder.encode(`${task}/${record.offset}`), partitions);
    const item = { key, value, timestampMs, headers };
    this.#outbox.put(`topic:${topic}/${partition}`, item, (target) => new RecordTarget(target));
  }
}
