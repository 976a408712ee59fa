import type { Bytes } from "../../../schema/record.ts";
import type { BatchRow, LogStore } from "./log-store.ts";

export class MemoryLogStore implements LogStore {
  #batches: { readonly row: BatchRow; readonly body: Bytes }[] = [];

  first(): BatchRow | undefined {
    return this.#batches[0]?.row;
  }

  last(): BatchRow | undefined {
    return this.#batches.at(-1)?.row;
  }

  atOrBefore(offset: number): BatchRow | undefined {
    return this.#batches.findLast(({ row }) => row.baseOffset <= offset)?.row;
  }

  bodies(from: number, to: number): readonly Bytes[] {
    const wanted = this.#batches.filter(({ row }) => from <= row.baseOffset && row.baseOffset < to);
    return wanted.map(({ body }) => body);
  }

  insert(row: BatchRow, body: Bytes): void {
    this.#batches.push({ row, body: body.slice() });
  }

  removeBefore(baseOffset: number, limit: number): number {
    const before = this.#batches.filter(({ row }) => row.baseOffset < baseOffset).length;
    return this.#batches.splice(0, Math.min(before, limit)).length;
  }
}
