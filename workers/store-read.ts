import type { Env } from "../durable-objects/env.ts";
import { keysBeginning, type KeyRange, onlyKey } from "../durable-objects/store-order.ts";
import { type Answer, refuse } from "../schema/error.ts";
import { MAX_PAGE } from "../schema/limits.ts";
import { partitionForKey } from "../schema/murmur2.ts";
import type { PipelineInput, PipelineRecord } from "../schema/rpc/catalog.ts";
import type { StoreAnswer, StoreDescription, StoreQuery } from "../schema/rpc/store.ts";
import type { StoreParameters } from "../schema/wire/request/store.ts";
import { checkPartition } from "./path.ts";
import { readCursor, type ScanPosition, writeCursor } from "./store-cursor.ts";
import { type MergedPage, mergedPage } from "./store-merge.ts";
import { ask, partitionOf } from "./stubs.ts";

const DEFAULT_SCAN_ROWS = 100;

export interface StoreRead {
  readonly env: Env;
  readonly pipeline: PipelineRecord;
  readonly store: StoreDescription;
  /** What the tasks that keep the store read. */
  readonly input: PipelineInput;
  readonly parameters: StoreParameters;
}

export type CursorPage = Omit<MergedPage, "next"> & { readonly cursor: string | undefined };

function readAt(read: StoreRead, partition: number, query: StoreQuery): Promise<Answer<StoreAnswer>> {
  const { env, pipeline, store, input, parameters } = read;
  const { minOffset, waitMs } = parameters;
  const request = { pipeline: pipeline.name, store: store.name, query, minOffset, waitMs };
  return ask(partitionOf(env, input, partition).readStore(request));
}

/** The partition asked for, else where records of the key are placed. */
export function partitionOfKey(
  {
    input,
    parameters,
  }: Pick<StoreRead, "input"> & { readonly parameters: { readonly partition?: number | undefined } },
  key: string,
): number {
  return parameters.partition ?? partitionForKey(new TextEncoder().encode(key), input.partitions);
}

/** The one row of a key, where a key has one. */
export async function readKey(read: StoreRead, key: string): Promise<Answer<StoreAnswer>> {
  const partition = partitionOfKey(read, key);
  const exists = checkPartition(partition, read.input.partitions);
  if (!exists.ok) return exists;
  return readAt(read, partition, { kind: "key", key, asOfMs: read.parameters.asOf });
}

/**
 * A page of the rows of a range of keys and times, in the order of the store over all its partitions (STR-3); of a key, those
 * of its partition (STR-5).
 */
export async function readRows(read: StoreRead): Promise<Answer<CursorPage>> {
  const { key, from, to, cursor, limit = key === undefined ? DEFAULT_SCAN_ROWS : MAX_PAGE } = read.parameters;
  const partitions = partitionsOf(read);
  const exists = checkPartition(partitions[0] ?? 0, read.input.partitions);
  if (!exists.ok) return exists;
  const name = cursorName(read);
  const start = cursor === undefined ? undefined : positionOf(read, name, cursor);
  if (start?.ok === false) return start;
  // Times are whole ms, so `[from, to)` is the closed range that the store reads.
  const range = { ...keysOf(read), fromMs: from, toMs: to === undefined ? undefined : to - 1 };
  const answer = await mergedPage({
    partitions: start !== undefined && key !== undefined ? [start.partition] : partitions,
    limit,
    from: start,
    scan: (partition, part) => readAt(read, partition, { kind: "scan", ...range, ...part }),
  });
  if (!answer.ok) return answer;
  const { next, ...page } = answer;
  return { ...page, ok: true, cursor: next && writeCursor(name, next) };
}

function partitionsOf(read: StoreRead): readonly number[] {
  const { key, partition } = read.parameters;
  if (key !== undefined) return [partitionOfKey(read, key)];
  if (partition !== undefined) return [partition];
  return Array.from({ length: read.input.partitions }, (_, index) => index);
}

function keysOf({ parameters: { key, prefix, fromKey, toKey } }: StoreRead): KeyRange {
  if (key !== undefined) return onlyKey(key);
  return prefix === undefined ? { fromKey, toKey } : keysBeginning(prefix);
}

function cursorName({ pipeline, store, parameters: { key } }: StoreRead): string {
  return [pipeline.name, store.name, ...(key === undefined ? [] : [key])].join("/");
}

function positionOf({ parameters, input }: StoreRead, name: string, cursor: string): Answer<ScanPosition> {
  const at = readCursor(name, cursor);
  if (!at.ok) return at;
  const exists = checkPartition(at.partition, input.partitions);
  if (!exists.ok) return exists;
  const { partition } = parameters;
  if (partition === undefined || partition === at.partition) return at;
  const message = `the cursor goes on in partition ${at.partition}, not ${partition}`;
  return refuse("invalid_request", message, { field: "partition" });
}
