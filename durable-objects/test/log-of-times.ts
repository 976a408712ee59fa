import { expect } from "vitest";
import type { Bytes } from "../../schema/record.ts";
import { encodeBatch } from "../../schema/record-batch/encode.ts";
import { MemoryLogStore } from "../core/log/memory-log-store.ts";
import { PartitionLog, type ReadLimits } from "../core/log/partition-log.ts";

export const NO_LIMIT: ReadLimits = { maxBytes: Number.POSITIVE_INFINITY, maxRecords: Number.POSITIVE_INFINITY };
export const plain = (): never => expect.fail("not compressed");

interface Given {
  readonly log: PartitionLog;
  readonly store: MemoryLogStore;
}

/** One batch for each list of times, the first `trimmed` of them removed. */
export function given(batches: readonly (readonly number[])[], trimmed = 0): Given {
  const store = new MemoryLogStore();
  const log = new PartitionLog(store, 0);
  for (const timestamps of batches) log.append(batchOf(timestamps));
  log.trim(basesOf(batches)[trimmed] ?? log.logEndOffset);
  log.sweep(batches.length + 1);
  return { log, store };
}

export function batchOf(timestamps: readonly number[]): Bytes {
  return encodeBatch(timestamps.map((timestampMs) => ({ key: null, value: "v", timestampMs, headers: [] })));
}

export function basesOf(batches: readonly (readonly number[])[]): number[] {
  let end = 0;
  return batches.map(({ length }) => (end += length) - length);
}
