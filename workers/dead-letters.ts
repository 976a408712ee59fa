import type { Env } from "../durable-objects/env.ts";
import { type DeadLetter, inputOf, readDeadLetter } from "../schema/dead-letter.ts";
import { type Answer, refuse } from "../schema/error.ts";
import { MAX_READ_BYTES } from "../schema/limits.ts";
import type { Bytes } from "../schema/record.ts";
import type { PipelineRecord, TopicPlace } from "../schema/rpc/catalog.ts";
import type { PartitionRpc } from "../schema/rpc/partition.ts";
import type { LetterPlace, LetterStart, LetterToRedrive } from "../schema/rpc/task.ts";
import { checkPartition } from "./path.ts";
import { selectRecords } from "./read/select.ts";
import { decodeCursor, encodeCursor, isIndex } from "./store-cursor.ts";
import { ask, askAll, partitionOf } from "./stubs.ts";

/** Records that one request looks at, in pages of what an RPC may carry. */
const MAX_SCANNED = 10_000;

/** Which dead letters. */
export interface LetterFilter {
  readonly partition?: number | undefined;
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  readonly key?: string | undefined;
  readonly cursor?: string | undefined;
}

export interface FoundLetter {
  readonly partition: number;
  readonly offset: number;
  readonly letter: DeadLetter;
}

export interface FoundLetters {
  readonly letters: readonly FoundLetter[];
  /** Where the next request goes on; absent at the end. */
  readonly cursor?: string | undefined;
  /** Of partitions that the request came to: where they begin. */
  readonly starts: readonly LetterStart[];
}

interface Place {
  readonly partition: number;
  readonly offset: number;
  /** Where the partition ended when the scan came to it: what is redriven may come back behind it. */
  readonly end: number;
}

/** What a scan looks for. */
interface Scan {
  readonly filter: LetterFilter;
  /** Filled on the way. */
  readonly starts: LetterStart[];
}

export function deadLetterTopicOf({ name, deadLetters }: PipelineRecord): Answer<{ readonly topic: TopicPlace }> {
  if (deadLetters !== undefined) return { ok: true, topic: deadLetters };
  return refuse("not_found", `pipeline ${name} has no dead-letter topic yet`, {
    hint: `GET /v1/pipelines/${name} says what it waits for`,
  });
}

/** Dead letters of a pipeline by partition and offset, at most so many, and no more once they are MAX_READ_BYTES. */
export async function findLetters(
  env: Env,
  pipeline: PipelineRecord,
  { filter, limit }: { filter: LetterFilter; limit: number },
): Promise<Answer<FoundLetters>> {
  const found = deadLetterTopicOf(pipeline);
  if (!found.ok) return found;
  const { topic } = found;
  const exists = checkPartition(filter.partition ?? 0, topic.partitions);
  if (!exists.ok) return exists;
  const name = `${pipeline.name} dead letters`;
  const scan: Scan = { filter, starts: [] };
  const { starts } = scan;
  const first = await placeOf(env, topic, { name, scan });
  if (!first.ok) return first;
  let { place } = first;
  const letters: FoundLetter[] = [];
  let bytes = 0;
  for (let scanned = 0; place !== undefined;) {
    if (letters.length >= limit || scanned >= MAX_SCANNED || bytes >= MAX_READ_BYTES) {
      const { partition, offset, end } = place;
      return { ok: true, letters, starts, cursor: encodeCursor([name, partition, offset, end]) };
    }
    const page = await readPage(env, topic, { place, limit: limit - letters.length });
    if (!page.ok) return page;
    scanned += page.nextOffset - place.offset;
    const { partition } = place;
    for (const { offset, letter } of page.letters) {
      if (!matches(letter, pipeline.name, filter)) continue;
      letters.push({ partition, offset, letter });
      bytes += bytesOf(letter);
    }
    const next = await nextPlace(env, topic, { at: { ...place, offset: page.nextOffset }, scan });
    if (!next.ok) return next;
    ({ place } = next);
  }
  return { ok: true, letters, starts };
}

/** Letters of one request are held together, and go to their tasks in one call. */
function bytesOf({ record: { key, value, headers } }: DeadLetter): number {
  const own = (key?.byteLength ?? 0) + (value?.byteLength ?? 0);
  return headers.reduce((sum, header) => sum + header.key.length + (header.value?.byteLength ?? 0), own);
}

function matches({ pipeline, record }: DeadLetter, name: string, { key }: LetterFilter): boolean {
  if (pipeline !== name) return false;
  return key === undefined || (record.key !== null && new TextDecoder().decode(record.key) === key);
}

async function placeOf(
  env: Env,
  topic: TopicPlace,
  { name, scan }: { name: string; scan: Scan },
): Promise<Answer<{ readonly place: Place | undefined }>> {
  const { filter } = scan;
  if (filter.cursor === undefined) return begin(env, topic, { partition: filter.partition ?? 0, scan });
  const [of, partition, offset, end] = decodeCursor(filter.cursor) ?? [];
  if (of !== name || !isIndex(partition) || !isIndex(offset) || !isIndex(end) || partition >= topic.partitions) {
    return refuse("invalid_request", "the cursor is not one of these dead letters", { field: "cursor" });
  }
  return nextPlace(env, topic, { at: { partition, offset, end }, scan });
}

/** The place itself, if it is before its end, else the beginning of the next partition; undefined at the end of all. */
async function nextPlace(
  env: Env,
  topic: TopicPlace,
  { at, scan }: { at: Place; scan: Scan },
): Promise<Answer<{ readonly place: Place | undefined }>> {
  if (at.offset < at.end) return { ok: true, place: at };
  const partition = at.partition + 1;
  if (scan.filter.partition !== undefined || partition >= topic.partitions) return { ok: true, place: undefined };
  return begin(env, topic, { partition, scan });
}

async function begin(
  env: Env,
  topic: TopicPlace,
  { partition, scan }: { partition: number; scan: Scan },
): Promise<Answer<{ readonly place: Place | undefined }>> {
  const described = await ask(partitionOf(env, topic, partition).describe({}));
  if (!described.ok) return described;
  scan.starts.push({ partition, offset: described.logStartOffset });
  const { from = 0, to = Number.MAX_SAFE_INTEGER } = scan.filter;
  const offset = Math.max(from, described.logStartOffset);
  const end = Math.min(to, described.logEndOffset);
  return nextPlace(env, topic, { at: { partition, offset, end }, scan });
}

async function readPage(
  env: Env,
  topic: TopicPlace,
  { place, limit }: { place: Place; limit: number },
): Promise<Answer<{ readonly letters: readonly Omit<FoundLetter, "partition">[]; readonly nextOffset: number }>> {
  const { partition, offset, end } = place;
  const maxRecords = Math.min(limit, end - offset);
  const request = { from: { offset }, maxBytes: MAX_READ_BYTES, maxRecords, waitMs: 0 };
  const read = await ask(partitionOf(env, topic, partition).read(request));
  if (!read.ok) {
    // Retention has removed it meanwhile: the scan goes on where the log begins.
    if (read.code !== "offset_out_of_range") return read;
    return { ok: true, letters: [], nextOffset: Number(read.extra?.["logStartOffset"] ?? end) };
  }
  const { records, nextOffset } = selectRecords(read, { maxRecords, maxBytes: MAX_READ_BYTES });
  const letters = records.flatMap((record) => {
    const letter = readDeadLetter(record);
    return letter === undefined ? [] : [{ offset: record.offset, letter }];
  });
  return { ok: true, letters, nextOffset: Math.max(nextOffset, offset + 1) };
}

/**
 * Asks the tasks that sent the letters, or those in their place, each with its own in order; those of tasks that are not there
 * any more are left out.
 */
export async function askSenders<T extends object>(
  env: Env,
  { inputs, fork }: PipelineRecord,
  {
    found,
    call,
  }: {
    found: readonly FoundLetter[];
    call: (stub: PartitionRpc, own: readonly FoundLetter[], incarnation: number) => Promise<Answer<T>>;
  },
): Promise<Answer<{ readonly answers: readonly { readonly own: readonly FoundLetter[]; readonly answer: T }[] }>> {
  const groups = new Map<string, FoundLetter[]>();
  for (const each of found) {
    const { task, incarnation } = each.letter;
    const name = `${incarnation} ${task.topic}/${task.partition}`;
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [each]);
    else group.push(each);
  }
  const asked = [...groups.values()].flatMap((own) => {
    const { task, incarnation } = own[0]?.letter ?? { task: { topic: "", partition: 0 }, incarnation: 0 };
    const { topic, partition } = task;
    const input = (incarnation === fork?.incarnation ? fork.inputs : inputs).find(
      (each) => each.input === topic && partition < each.partitions,
    );
    return input === undefined ? [] : [{ own, incarnation, stub: partitionOf(env, input, partition) }];
  });
  const answers = await askAll(asked.map(({ own, incarnation, stub }) => call(stub, own, incarnation)));
  if (!answers.ok) return answers;
  return {
    ok: true,
    answers: answers.answers.map((answer, at) => ({ own: asked[at]?.own ?? [], answer })),
  };
}

export function letterPlaceOf({ partition, offset, letter }: FoundLetter): LetterPlace {
  const { incarnation, kind, taskOffset, record } = letter;
  return { partition, offset, incarnation, kind, taskOffset, key: copy(record.key) };
}

/** What waits in a task needs only be named. */
export function letterToRedrive(found: FoundLetter): LetterToRedrive {
  const { target, kind, record } = found.letter;
  const { value, timestampMs, headers } = inputOf(found.letter);
  const place = { ...letterPlaceOf(found), timestampMs };
  if (kind === "parked" || kind === "result") return { ...place, value: null, headers: [] };
  return {
    ...place,
    value: copy(kind === "refused" ? record.value : value),
    headers: headers.map((header) => ({ key: header.key, value: copy(header.value) })),
    target,
  };
}

/** A view sent over RPC carries its whole buffer. */
function copy(bytes: Bytes | null): Bytes | null {
  return bytes === null ? null : bytes.slice();
}
