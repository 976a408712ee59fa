import type { Env } from "../durable-objects/env.ts";
import { refuse, type Answer } from "../schema/error.ts";
import { MAX_PAGE } from "../schema/limits.ts";
import { partitionForKey } from "../schema/murmur2.ts";
import type { PipelineRecord, StoreAnswer, StoreQuery, StoreRow, TopicIdentity } from "../schema/rpc.ts";
import type { StoreParameters } from "../schema/wire/request/store.ts";
import { checkPartition } from "./path.ts";
import { foreignCursor, readCursor, writeCursor, type ScanPosition } from "./store-cursor.ts";
import { ask, partitionOf } from "./stubs.ts";
import { withTopic } from "./topic-cache.ts";

const DEFAULT_SCAN_ROWS = 100;

export interface StoreRead {
  readonly env: Env;
  readonly pipeline: PipelineRecord;
  readonly store: string;
  readonly parameters: StoreParameters;
}

function readAt({ env, pipeline, store, parameters }: StoreRead, query: StoreQuery) {
  return (identity: TopicIdentity, partition: number): Promise<Answer<StoreAnswer>> => {
    const { minOffset, waitMs } = parameters;
    return ask(
      partitionOf(env, identity, partition).readStore({ pipeline: pipeline.name, store, query, minOffset, waitMs }),
    );
  };
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
function readKeyAt(read: StoreRead, topic: string, query: KeyQuery): Promise<Answer<StoreAnswer>> {
  return withTopic<StoreAnswer>(read.env, topic, async (identity) => {
    const { partitions } = identity;
    const partition = read.parameters.partition ?? partitionForKey(new TextEncoder().encode(query.key), partitions);
    const exists = checkPartition(partition, partitions);
    return exists.ok ? readAt(read, query)(identity, partition) : exists;
  });
}

interface SourceAnswer extends StoreAnswer {
  /** Index of the source whose task answered. */
  readonly source: number;
}

/** A pipeline may have several sources: the store is in the tasks of one of them, the others have no row of it. */
export async function readKey(read: StoreRead, query: KeyQuery): Promise<Answer<SourceAnswer>> {
  let none: Answer<SourceAnswer> = refuse("not_found", `pipeline ${read.pipeline.name} has no source`);
  for (const [source, topic] of read.pipeline.sources.entries()) {
    const answer = await readKeyAt(read, topic, query);
    const elsewhere = answer.ok
      ? answer.rows.length === 0
      : answer.code === "not_found" || answer.code === "unknown_partition";
    const found = answer.ok ? { ...answer, source } : answer;
    if (!elsewhere) return found;
    if (!none.ok) none = found;
  }
  return none;
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
  const { source, inner } = at;
  const topic = read.pipeline.sources[source];
  if (topic === undefined || inner === undefined) return foreignCursor();
  const placed = { ...read, parameters: { ...read.parameters, partition: at.partition } };
  const next = await readKeyAt(placed, topic, { ...query, cursor: inner });
  return next.ok ? withCursor(name, { ...next, source }) : next;
}

/** The partition's cursor says where in its windows, the client's also in which partition of which source. */
function withCursor(name: string, answer: SourceAnswer): Answer<StoreAnswer> {
  const { source, partition, cursor: inner } = answer;
  const cursor = inner === undefined ? undefined : writeCursor(name, { source, partition, inner });
  return { ok: true, ...answer, cursor };
}

export interface Page {
  readonly rows: readonly StoreRow[];
  readonly cursor?: string | undefined;
}

interface Scanned extends Page {
  readonly partitions: number;
}

function startOf(read: StoreRead): Answer<ScanPosition> {
  const { cursor, partition } = read.parameters;
  return cursor === undefined
    ? { ok: true, source: 0, partition: partition ?? 0 }
    : positionOf(read, nameOf(read), cursor);
}

function scanPartition(read: StoreRead, at: ScanPosition, limit: number): Promise<Answer<Scanned>> {
  const source = read.pipeline.sources[at.source] ?? "";
  return withTopic<Scanned>(read.env, source, async (identity) => {
    const { partitions } = identity;
    const exists = checkPartition(at.partition, partitions);
    if (!exists.ok) return exists;
    const answer = await readAt(read, { kind: "scan", cursor: at.inner, limit })(identity, at.partition);
    if (answer.ok) return { ok: true, rows: answer.rows, cursor: answer.cursor, partitions };
    return answer.code === "not_found" ? { ok: true, rows: [], partitions } : answer;
  });
}

/** The position after a partition that is exhausted, or undefined at the end of all. */
function after(read: StoreRead, at: ScanPosition, partitions: number): ScanPosition | undefined {
  if (read.parameters.partition !== undefined) return undefined;
  if (at.partition + 1 < partitions) return { source: at.source, partition: at.partition + 1 };
  return at.source + 1 < read.pipeline.sources.length ? { source: at.source + 1, partition: 0 } : undefined;
}

/** Rows of all partitions, one partition after the other, `limit` at a time (STR-3). */
export async function readPage(read: StoreRead): Promise<Answer<Page>> {
  const start = startOf(read);
  if (!start.ok) return start;
  const limit = Math.min(read.parameters.limit ?? DEFAULT_SCAN_ROWS, MAX_PAGE);
  const rows: StoreRow[] = [];
  let at: ScanPosition | undefined = start;
  while (at !== undefined && rows.length < limit && at.source < read.pipeline.sources.length) {
    const scanned: Answer<Scanned> = await scanPartition(read, at, limit - rows.length);
    if (!scanned.ok) return scanned;
    rows.push(...scanned.rows);
    at = scanned.cursor === undefined ? after(read, at, scanned.partitions) : { ...at, inner: scanned.cursor };
  }
  return { ok: true, rows, ...(at === undefined ? {} : { cursor: writeCursor(nameOf(read), at) }) };
}
