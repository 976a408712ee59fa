import { refuse, type Answer } from "../../schema/error.ts";
import { partitionForKey } from "../../schema/murmur2.ts";
import type { ProduceInput } from "../../schema/produce-record.ts";
import type { RequestProducer } from "./request-sequence.ts";

/** Where all key-less records of one request go: a function of the request where it has a producer, else anywhere. */
export function keylessPartition(producer: RequestProducer | undefined, partitions: number): number {
  if (producer === undefined) return Math.floor(Math.random() * partitions);
  const { producerId, epoch, sequence } = producer;
  return partitionForKey(new TextEncoder().encode(`${producerId}:${epoch}:${sequence}`), partitions);
}

/** The partition of each record: its own, else that of its key, else `keyless` (PRO-4). */
export function placeRecords(
  records: readonly ProduceInput[],
  partitions: number,
  keyless: number,
): Answer<{ readonly placed: readonly number[] }> {
  const placed: number[] = [];
  for (const [index, { partition, key }] of records.entries()) {
    if (partition !== undefined && partition >= partitions) {
      const message = `records[${index}]: partition ${partition} does not exist: the topic has ${partitions}`;
      return refuse("unknown_partition", message, { field: `records[${index}].partition` });
    }
    placed.push(partition ?? (key === null ? keyless : partitionForKey(key, partitions)));
  }
  return { ok: true, placed };
}
