import type { Env } from "../durable-objects/env.ts";
import { refuse, type Answer } from "../schema/error.ts";
import { MAX_PAGE } from "../schema/limits.ts";
import { partitionForKey } from "../schema/murmur2.ts";
import type { PipelineInput, PipelineRecord, StoreAnswer, StoreQuery, StoreRow } from "../schema/rpc.ts";
import type { StoreParameters } from "../schema/wire/request/store.ts";
import { checkPartition } from "./path.ts";
import { foreignCursor, readCursor, writeCursor, type ScanPosition } from "./store-cursor.ts";
import { ask, partitionOf } from "./stubs.ts";

const DEFAULT_SCAN_ROWS = 100;

export interface StoreRead {
  readonly env: Env;
  readonly pipeline: PipelineRecord;
  readonly store: string;
  /** What the tasks that keep the store read. */
  readonly input: PipelineInput;
  readonly parameters: StoreParameters;
}

function readAt(read: StoreRead, partition: number, query: StoreQuery): Promise<Answer<StoreAnswer>> {
  const { env, pipeline, store, input, parameters } = read;
  const { minOffset, waitMs } = parameters;
  const request = { pipeline: pipeline.name, store, query, minOffset, waitMs };
  return ask(partitionOf(env, input, partition).readStore(request));
}

function nameOf({ pipeline, store }: StoreRead): string {
  return `${pipeline.name}/${store}`;
}

function positionOf({ parameters }: StoreRead, name: string, cursor: string): Answer<ScanPosition> {
  const at = readCursor(name, cursor);
  const { partition } = parameters;
  if (!at.ok || partition === undefined || partition === at.partition) return at;
  const message = `the cursor goes on in partition ${at.partition}, not ${partition}`;
  return refuse("invalid_request", message, { field: "partition" });
}

type KeyQuery = Exclude<StoreQuery, { readonly kind: "scan" }>;

/** In the partition asked for, else where records of the key are placed. */
export async function readKey(read: StoreRead, query: KeyQuery): Promise<Answer<StoreAnswer>> {
  const { partitions } = read.input;
  const partition = read.parameters.partition ?? partitionForKey(new TextEncoder().encode(query.key), partitions);
  const exists = checkPartition(partition, partitions);
  return exists.ok ? readAt(read, partition, query) : exists;
}

/** Windows of a key whose start lies in `[fromMs, toMs]`, or what is left of them from the request's cursor on (STR-5). */
export async function readWindows(
  read: StoreRead,
  query: Extract<StoreQuery, { readonly kind: "windows" }>,
): Promise<Answer<StoreAnswer>> {
  const name = `${nameOf(read)}/${query.key}`;
  const { cursor } = read.parameters;
  if (cursor === undefined) {
    const first = await readKey(read, query);
    return first.ok ? withCursor(name, first) : first;
  }
  const at = positionOf(read, name, cursor);
  if (!at.ok) return at;
  if (at.inner === undefined) return foreignCursor();
  const placed = { ...read, parameters: { ...read.parameters, partition: at.partition } };
  const next = await readKey(placed, { ...query, cursor: at.inner });
  return next.ok ? withCursor(name, next) : next;
}

/** The partition's cursor says where in its windows, the client's also in which partition. */
function withCursor(name: string, answer: StoreAnswer): Answer<StoreAnswer> {
  const { partition, cursor: inner } = answer;
  const cursor = inner === undefined ? undefined : writeCursor(name, { partition, inner });
  return { ok: true, ...answer, cursor };
}

export interface Page {
  readonly rows: readonly StoreRow[];
  readonly cursor?: string | undefined;
}

function startOf(read: StoreRead): Answer<ScanPosition> {
  const { cursor, partition } = read.parameters;
  return cursor === undefined ? { ok: true, partition: partition ?? 0 } : positionOf(read, nameOf(read), cursor);
}

async function scanPartition(read: StoreRead, at: ScanPosition, limit: number): Promise<Answer<Page>> {
  const exists = checkPartition(at.partition, read.input.partitions);
  if (!exists.ok) return exists;
  return readAt(read, at.partition, { kind: "scan", cursor: at.inner, limit });
}

/** The position after a partition that is exhausted, or undefined at the end of all. */
function after(read: StoreRead, { partition }: ScanPosition): ScanPosition | undefined {
  if (read.parameters.partition !== undefined || partition + 1 >= read.input.partitions) return undefined;
  return { partition: partition + 1 };
}

/** Rows of all partitions, one partition after the other, `limit` at a time (STR-3). */
export async function readPage(read: StoreRead): Promise<Answer<Page>> {
  const start = startOf(read);
  if (!start.ok) return start;
  const limit = Math.min(read.parameters.limit ?? DEFAULT_SCAN_ROWS, MAX_PAGE);
  const rows: StoreRow[] = [];
  let at: ScanPosition | undefined = start;
  while (at !== undefined && rows.length < limit) {
    const scanned: Answer<Page> = await scanPartition(read, at, limit - rows.length);
    if (!scanned.ok) return scanned;
    rows.push(...scanned.rows);
    at = scanned.cursor === undefined ? after(read, at) : { ...at, inner: scanned.cursor };
  }
  return { ok: true, rows, ...(at === undefined ? {} : { cursor: writeCursor(nameOf(read), at) }) };
}
