import type { Bytes } from "../../../schema/record.ts";
import type { BatchRow, LogStore, StoredBatch } from "./log-store.ts";

export class MemoryLogStore implements LogStore {
  #batches: StoredBatch[] = [];

  first(): BatchRow | undefined {
    return this.#batches[0];
  }

  last(): BatchRow | undefined {
    return this.#batches.at(-1);
  }

  atOrBefore(offset: number): BatchRow | undefined {
    return this.#batches.findLast((batch) => batch.baseOffset <= offset);
  }

  *from(baseOffset: number): Iterable<StoredBatch> {
    for (const batch of this.#batches) if (batch.baseOffset >= baseOffset) yield batch;
  }

  insert(row: BatchRow, body: Bytes): void {
    this.#batches.push({ ...row, body: body.slice() });
  }

  removeBefore(baseOffset: number, limit: number): number {
    const before = this.#batches.filter((batch) => batch.baseOffset < baseOffset).length;
    const removed = Math.min(before, limit);
    this.#batches = this.#batches.slice(removed);
    return removed;
  }
}
