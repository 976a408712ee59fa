import { orderOf } from "../durable-objects/store-order.ts";
import type { Answer } from "../schema/error.ts";
import { MAX_READ_BYTES } from "../schema/limits.ts";
import type { StoreAnswer, StorePlace, StoreRow, StoreScan } from "../schema/rpc/store.ts";

/** Where scans that leave much out stop for now. */
const MAX_ROUNDS = 20;
const MIN_CHUNK_ROWS = 8;
const MIN_CHUNK_CHARACTERS = 65_536;

/** Up to which offset of a partition an answer reflects its input. */
export interface Reflected {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

export interface MergedPage {
  readonly rows: readonly StoreRow[];
  readonly reflects: readonly Reflected[];
  /** Where the next page begins; absent at the end. */
  readonly next?: { readonly place: StorePlace; readonly partition: number } | undefined;
}

export interface MergeRequest {
  readonly partitions: readonly number[];
  readonly limit: number;
  readonly scan: (
    partition: number,
    part: Pick<StoreScan, "after" | "inclusive" | "limit" | "maxCharacters">,
  ) => Promise<Answer<StoreAnswer>>;
  /** Rows at the place are left out in partitions up to this one. */
  readonly from?: { readonly place: StorePlace; readonly partition: number } | undefined;
}

/** One partition's rows, as far as they have been asked for. */
class Source {
  readonly partition: number;
  readonly rows: StoreRow[] = [];
  place: StorePlace | undefined;
  inclusive: boolean;
  ended = false;
  first: StoreAnswer | undefined;

  constructor(partition: number, from: MergeRequest["from"]) {
    this.partition = partition;
    this.place = from?.place;
    this.inclusive = from !== undefined && partition > from.partition;
  }

  get empty(): boolean {
    return this.rows.length === 0;
  }

  took(answer: StoreAnswer): void {
    this.first ??= answer;
    this.rows.push(...answer.rows);
    this.place = answer.next;
    this.inclusive = false;
    this.ended = answer.next === undefined;
  }
}

/** A page of the rows of several partitions in the order of the store, each asked for little more than it gives (STR-3). */
export async function mergedPage(request: MergeRequest): Promise<Answer<MergedPage>> {
  const sources = request.partitions.map((partition) => new Source(partition, request.from));
  const page: StoreRow[] = [];
  let last: MergedPage["next"];
  let characters = 0;
  for (let round = 0; ; round++) {
    const refusal = await fill(sources, request, request.limit - page.length);
    if (!refusal.ok) return refusal;
    for (let source = next(sources); source !== undefined; source = next(sources)) {
      if (page.length >= request.limit || characters >= MAX_READ_BYTES) return answerOf(page, sources, last);
      const row = source.rows.shift();
      if (row === undefined) break;
      page.push(row);
      characters += row.key.length + row.value.length;
      last = { place: row.place, partition: source.partition };
    }
    if (sources.every(({ ended, empty }) => ended && empty)) return answerOf(page, sources, undefined);
    if (page.length >= request.limit || characters >= MAX_READ_BYTES) return answerOf(page, sources, last);
    if (round >= MAX_ROUNDS) return answerOf(page, sources, lookedThrough(sources) ?? last);
  }
}

async function fill(sources: readonly Source[], { scan }: MergeRequest, wanted: number): Promise<Answer> {
  const empty = sources.filter((source) => source.empty && !source.ended);
  const limit = Math.min(Math.max(MIN_CHUNK_ROWS, Math.ceil((2 * wanted) / sources.length)), Math.max(1, wanted));
  const maxCharacters = Math.max(MIN_CHUNK_CHARACTERS, Math.ceil(MAX_READ_BYTES / sources.length));
  const asked = empty.map(async (source) => {
    const { partition, place: after, inclusive } = source;
    const answer = await scan(partition, { after, inclusive, limit, maxCharacters });
    if (answer.ok) source.took(answer);
    return answer;
  });
  return (await Promise.all(asked)).find(({ ok }) => !ok) ?? { ok: true };
}

/** The source of the least row, unless one that must be asked first may have a lesser one. */
function next(sources: readonly Source[]): Source | undefined {
  const compare = orderOf(sources.find(({ first }) => first !== undefined)?.first?.order ?? "key");
  let least: Source | undefined;
  let place: StorePlace | undefined;
  for (const source of sources) {
    const [row] = source.rows;
    if (row === undefined || (place !== undefined && compare(row.place, place) >= 0)) continue;
    least = source;
    place = row.place;
  }
  const unknown = sources.some(
    (source) =>
      source.empty &&
      !source.ended &&
      (source.place === undefined || place === undefined || compare(source.place, place) < 0),
  );
  return unknown ? undefined : least;
}

/** No partition has a row up to this place that is not in the page. */
function lookedThrough(sources: readonly Source[]): MergedPage["next"] {
  const compare = orderOf(sources.find(({ first }) => first !== undefined)?.first?.order ?? "key");
  const places = sources.flatMap(({ ended, empty, place }) => (empty && !ended && place !== undefined ? [place] : []));
  const [place] = places.toSorted(compare);
  return place && { place, partition: Infinity };
}

function answerOf(rows: readonly StoreRow[], sources: readonly Source[], next: MergedPage["next"]): Answer<MergedPage> {
  const reflects = sources.flatMap(({ first }) => {
    return first === undefined ? [] : [{ topic: first.topic, partition: first.partition, offset: first.offset }];
  });
  const partition = Math.min(next?.partition ?? 0, sources.at(-1)?.partition ?? 0);
  return { ok: true, rows, reflects, next: next && { ...next, partition } };
}
