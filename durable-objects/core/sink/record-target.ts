import { TARGET_BATCH_BYTES } from "../../../schema/limits.ts";
import { BatchBuilder, encodedSize, type EncodableRecord } from "../../../schema/record-batch/encode.ts";
import type { OutboxRow } from "../task/task-port.ts";
import type { Target } from "./outbox.ts";

/** Records for one partition, as RecordBatches. */
export class RecordTarget implements Target<EncodableRecord> {
  readonly #name: string;
  readonly #rows: OutboxRow[] = [];
  readonly #batch = new BatchBuilder();

  constructor(name: string) {
    this.#name = name;
  }

  add(record: EncodableRecord): void {
    if (this.#batch.bytes + encodedSize(record) > TARGET_BATCH_BYTES) this.#close();
    this.#batch.add(record);
  }

  rows(): OutboxRow[] {
    this.#close();
    return this.#rows;
  }

  #close(): void {
    const records = this.#batch.count;
    if (records > 0) this.#rows.push({ target: this.#name, records, body: this.#batch.take() });
  }
}
