import { TARGET_BATCH_BYTES } from "../../../schema/limits.ts";
import { BatchBuilder, encodedSize, type EncodableRecord } from "../../../schema/record-batch/encode.ts";
import type { Bytes } from "../../../schema/record.ts";
import type { OutboxRow } from "../task/task-port.ts";
import type { Target } from "./outbox.ts";

/** What a batch of an internal topic says of the task that sent it, in the fields of Kafka's header. */
export interface BatchOrigin {
  /** As the producer id. */
  readonly upstream: number;
  /** As the maximum timestamp: all that the task sends after this batch is of this time or later; -1 says nothing. */
  readonly progressMs: () => number;
}

/** Records of one partition of an internal topic. The last batch of a slice carries the progress of the task. */
export class InternalTarget implements Target<EncodableRecord> {
  readonly #name: string;
  readonly #origin: BatchOrigin;
  readonly #rows: OutboxRow[] = [];
  readonly #batch = new BatchBuilder();

  constructor(name: string, origin: BatchOrigin) {
    this.#name = name;
    this.#origin = origin;
  }

  add(record: EncodableRecord): void {
    if (this.#batch.bytes + encodedSize(record) > TARGET_BATCH_BYTES) this.#close(-1);
    this.#batch.add(record);
  }

  rows(): OutboxRow[] {
    this.#close(this.#origin.progressMs());
    return this.#rows;
  }

  #close(progressMs: number): void {
    const records = this.#batch.count;
    if (records === 0) return;
    const { upstream: producerId } = this.#origin;
    const maxTimestamp = Math.max(-1, progressMs);
    this.#rows.push({ target: this.#name, records, body: this.#batch.take({ producerId, maxTimestamp }) });
  }
}

/** A control batch: progress without records, or word that the task is idle. One record, which takes an offset. */
export function controlBatch(upstream: number, progressMs: number | "idle"): Bytes {
  const builder = new BatchBuilder();
  builder.add({ key: null, value: null, timestampMs: 0, headers: [] });
  const maxTimestamp = progressMs === "idle" ? -1 : Math.max(-1, progressMs);
  return builder.take({ producerId: upstream, maxTimestamp, control: true });
}
