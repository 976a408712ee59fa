import type { CatalogRpc } from "../../schema/rpc/catalog.ts";
import { partitionName } from "../../schema/rpc/log.ts";
import { encodeBatch } from "../../schema/record-batch/encode.ts";
import { decodeRecords, batchesIn } from "../../schema/record-batch/decode.ts";
import type { Bytes, ConsumerRecord } from "../../schema/record.ts";
import { CATALOG_NAME, type Env } from "../env.ts";
import { decompress } from "../gzip.ts";
import type { Partition } from "./objects.ts";

export interface TestRecord {
  readonly key?: string;
  readonly value: unknown;
  readonly timestampMs?: number;
}

const encoder = new TextEncoder();

function bytesOf(text: string): Bytes {
  return new Uint8Array(encoder.encode(text));
}

export function batchOf(
  records: readonly TestRecord[],
  producer: { producerId?: number; producerEpoch?: number; baseSequence?: number } = {},
): Bytes {
  const encoded = records.map(({ key, value, timestampMs = 1_700_000_000_000 }) => ({
    key: key === undefined ? null : bytesOf(key),
    value: bytesOf(JSON.stringify(value)),
    timestampMs,
    headers: [],
  }));
  return encodeBatch(encoded, producer);
}

export function catalog(env: Env): CatalogRpc {
  return env.CATALOG.getByName(CATALOG_NAME) as unknown as CatalogRpc;
}

/** A new stub every time: one that has thrown throws for ever. */
export function partition(env: Env, topicId: string, number = 0): DurableObjectStub<Partition> {
  return env.PARTITION.getByName(partitionName(topicId, number)) as unknown as DurableObjectStub<Partition>;
}

export async function createTopic(env: Env, topic: string, partitions = 1): Promise<string> {
  const created = await catalog(env).createTopic({ topic, partitions, config: { retentionMs: -1 } });
  if (!created.ok) throw new Error(created.message);
  return created.identity.topicId;
}

export async function readAll(
  stub: DurableObjectStub<Partition>,
): Promise<{ key: string | null; value: unknown; offset: number; headers: Record<string, string> }[]> {
  const records: ConsumerRecord[] = [];
  for (let offset = 0; ;) {
    const answer = await stub.read({ from: { offset }, maxBytes: 1_000_000, maxRecords: 10_000, waitMs: 0 });
    if (!answer.ok) throw new Error(answer.message);
    for (const batch of batchesIn(answer.batches)) records.push(...decodeRecords(batch, decompress));
    offset = (records.at(-1)?.offset ?? -1) + 1;
    if (offset >= answer.logEndOffset) break;
  }
  const text = new TextDecoder();
  return records.map(({ key, value, offset, headers }) => ({
    key: key === null ? null : text.decode(key),
    value: value === null ? null : JSON.parse(text.decode(value)),
    offset,
    headers: Object.fromEntries(
      headers.map((header) => [header.key, header.value === null ? "" : text.decode(header.value)]),
    ),
  }));
}
