import { MIN_COPIED_BATCH_BYTES, TARGET_BATCH_BYTES } from "../../../schema/limits.ts";
import { BatchCopy, withoutProducer } from "../../../schema/record-batch/copy.ts";
import { BatchBuilder, encodedSize, type EncodableRecord } from "../../../schema/record-batch/encode.ts";
import type { OutboxRow } from "../task/task-port.ts";
import type { Target } from "./outbox.ts";

/** Records for one partition, as RecordBatches. A large batch of the log that goes on whole is taken as it is. */
export class RecordTarget implements Target<EncodableRecord> {
  readonly #name: string;
  readonly #rows: OutboxRow[] = [];
  readonly #batch = new BatchBuilder();
  /** Records stand in one of the two. */
  readonly #copy = new BatchCopy();

  constructor(name: string) {
    this.#name = name;
  }

  add(record: EncodableRecord): void {
    if (this.#batch.count === 0 && this.#copy.take(record)) return;
    if (this.#copy.count > 0) {
      this.#endCopy(MIN_COPIED_BATCH_BYTES);
      return this.add(record);
    }
    if (this.#batch.bytes + encodedSize(record) > TARGET_BATCH_BYTES) this.#close();
    this.#batch.add(record);
  }

  rows(): OutboxRow[] {
    // The last of a slice is a row of its own, however small.
    if (this.#copy.count > 0) this.#endCopy(0);
    this.#close();
    return this.#rows;
  }

  #endCopy(minBytes: number): void {
    const { batch, count: records, end, whole } = this.#copy;
    if (whole && end >= minBytes) {
      const { baseOffset: copyOf } = batch.header;
      this.#rows.push({ target: this.#name, records, body: withoutProducer(batch.bytes), copyOf });
    } else this.#batch.begin(this.#copy);
    this.#copy.clear();
  }

  #close(): void {
    const records = this.#batch.count;
    if (records > 0) this.#rows.push({ target: this.#name, records, body: this.#batch.take() });
  }
}
