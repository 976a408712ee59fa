import type { Env } from "../durable-objects/env.ts";
import { refuse, type Answer } from "../schema/error.ts";
import { MAX_PAGE } from "../schema/limits.ts";
import { partitionForKey } from "../schema/murmur2.ts";
import type { PipelineRecord, StoreAnswer, StoreQuery, StoreRow, TopicIdentity } from "../schema/rpc.ts";
import type { StoreParameters } from "../schema/wire/request/store.ts";
import { checkPartition } from "./path.ts";
import { readCursor, writeCursor, type ScanPosition } from "./store-cursor.ts";
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

/** Records of one key meet in one partition of a source topic, so that is where its state is. */
function keyPartition(
  key: string,
  wanted: number | undefined,
  partitions: number,
): Answer<{ readonly partition: number }> {
  const partition = partitionForKey(new TextEncoder().encode(key), partitions);
  if (wanted === undefined || wanted === partition) return { ok: true, partition };
  const message = `key ${JSON.stringify(key)} is in partition ${partition}, not ${wanted}`;
  return refuse("invalid_request", message, { field: "partition" });
}

/** A pipeline may have several sources: the store is in the tasks of one of them, the others have no row of it. */
export async function readKey(read: StoreRead, key: string, query: StoreQuery): Promise<Answer<StoreAnswer>> {
  let last: Answer<StoreAnswer> = refuse("not_found", `pipeline ${read.pipeline.name} has no source`);
  for (const source of read.pipeline.sources) {
    last = await withTopic(read.env, source, async (identity) => {
      const at = keyPartition(key, read.parameters.partition, identity.partitions);
      return at.ok ? readAt(read, query)(identity, at.partition) : at;
    });
    const elsewhere = last.ok ? last.rows.length === 0 : last.code === "not_found";
    if (!elsewhere) return last;
  }
  return last;
}

export interface Page {
  readonly rows: readonly StoreRow[];
  readonly cursor?: string | undefined;
}

interface Scanned extends Page {
  readonly partitions: number;
}

function nameOf({ pipeline, store }: StoreRead): string {
  return `${pipeline.name}/${store}`;
}

function startOf(read: StoreRead): Answer<ScanPosition> {
  const { cursor, partition } = read.parameters;
  if (cursor !== undefined) return readCursor(nameOf(read), cursor);
  return { ok: true, source: 0, partition: partition ?? 0 };
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
