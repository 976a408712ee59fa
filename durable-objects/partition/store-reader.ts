import { type Answer, refuse } from "../../schema/error.ts";
import { MAX_READ_BYTES } from "../../schema/limits.ts";
import type { StoreAnswer, StoreQuery, StoreRow } from "../../schema/rpc.ts";
import type { KeyRow } from "../core/store/state-store.ts";
import { resultText } from "../core/operator/result-payload.ts";
import { type WindowEntry, type WindowPlace, windowReader, type WindowReader } from "../core/operator/window-reader.ts";
import type { Loaded } from "./loaded.ts";
import { type PlanStore, readableStore } from "../core/plan/stores.ts";
import { errorText } from "../core/sink/error-text.ts";
import type { AttachedTask } from "./attached-task.ts";

const ROWS_AT_ONCE = 16;

/** Reads what the task has committed: every record below its position, none after. */
export function readStore(loaded: Loaded, task: AttachedTask, request: Request): Answer<StoreAnswer> {
  const store = readableStore(task.plan?.nodes ?? [], request.store);
  if (store === undefined) return refuse("not_found", `pipeline ${task.pipeline} has no store ${request.store}`);
  if (store.result === undefined) return read(loaded, task, { ...request, table: store });
  try {
    return read(loaded, task, { ...request, table: store });
  } catch (error) {
    // Of user code, over states that another version of it may have made.
    return refuse(
      "internal",
      `store ${request.store} holds what its result cannot be made of: ${errorText(error).message}`,
      {
        hint: "Raise the pipeline's version where an aggregate has changed.",
      },
    );
  }
}

interface Request {
  readonly store: string;
  readonly query: StoreQuery;
}

function read(loaded: Loaded, task: AttachedTask, request: Request & { table: PlanStore }): Answer<StoreAnswer> {
  const { query, table: store } = request;
  const at = { topic: task.input, partition: loaded.row.partition, offset: task.position };
  if (store.windows !== undefined)
    return readWindows(windowReader(task.store, { ...store, windows: store.windows }), { ...request, at });
  if (query.kind === "windows") {
    return refuse("invalid_request", `store ${request.store} is not windowed`, {
      field: "from",
      hint: "Read it by key alone",
    });
  }
  if (query.kind === "key") {
    const value = task.store.get(request.store, query.key);
    const rows = value === undefined ? [] : [{ key: query.key, value: resultText(value.value, store.result) }];
    return { ok: true, kind: "keyValue", rows, ...at };
  }
  const after = parseCursor(query.cursor, (value) => typeof value === "string");
  if (!after.ok) return after;
  const page = pageOf<KeyRow, string>(query.limit, after.value, {
    read: (after, limit) =>
      task.store
        .scan(request.store, { after }, limit)
        .map((row) => ({ ...row, value: resultText(row.value, store.result) })),
    placeOf: ({ key }) => key,
  });
  return { ok: true, kind: "keyValue", ...at, ...page, rows: page.rows.map(({ key, value }) => ({ key, value })) };
}

type At = Pick<StoreAnswer, "topic" | "partition" | "offset">;

function readWindows(
  reader: WindowReader,
  { store, query, at }: { store: string; query: StoreQuery; at: At },
): Answer<StoreAnswer> {
  if (query.kind === "key") {
    return refuse("invalid_request", `store ${store} is windowed`, {
      field: "from",
      hint: "Give from and to, in ms since epoch",
    });
  }
  const first = parseCursor(query.cursor, isWindowPlace);
  if (!first.ok) return first;
  const page = pageOf<WindowEntry, WindowPlace>(query.limit, first.value, {
    read: (after, limit) =>
      query.kind === "windows" ? reader.ofKey({ ...query, after, limit }) : reader.all({ after, limit }),
    placeOf: ({ place }) => place,
  });
  return { ok: true, kind: "window", ...at, ...page, rows: page.rows.map(rowOf) };
}

function rowOf({ key, value, start, end }: WindowEntry): StoreRow {
  return { key, value, start, end };
}

function isWindowPlace(value: unknown): value is WindowPlace {
  const { key, at, seq } = (value ?? {}) as { [field in keyof WindowPlace]?: unknown };
  return typeof key === "string" && Number.isSafeInteger(at) && Number.isSafeInteger(seq);
}

/** A cursor comes back from a client, who may have changed it. */
function parseCursor<Place>(
  cursor: string | undefined,
  valid: (value: unknown) => value is Place,
): Answer<{ readonly value: Place | undefined }> {
  if (cursor === undefined) return { ok: true, value: undefined };
  try {
    const value: unknown = JSON.parse(cursor);
    if (valid(value)) return { ok: true, value };
  } catch {
    // Refused below, as any other text that is no place.
  }
  return refuse("invalid_request", "the cursor is not one that this store gave", { field: "cursor" });
}

/** Rows from a place on: at most `limit`, and about `MAX_READ_BYTES`, since a value may be a megabyte. */
function pageOf<Row extends KeyRow, Place>(
  limit: number,
  from: Place | undefined,
  { read, placeOf }: { read: (from: Place | undefined, limit: number) => readonly Row[]; placeOf: (row: Row) => Place },
): { readonly rows: readonly Row[]; readonly cursor: string | undefined } {
  const rows: Row[] = [];
  let place = from;
  for (let characters = 0; rows.length < limit && characters < MAX_READ_BYTES;) {
    const wanted = Math.min(ROWS_AT_ONCE, limit - rows.length);
    const some = read(place, wanted);
    rows.push(...some);
    const last = some.at(-1);
    if (last === undefined || some.length < wanted) return { rows, cursor: undefined };
    place = placeOf(last);
    characters += some.reduce((sum, row) => sum + row.key.length + row.value.length, 0);
  }
  return { rows, cursor: JSON.stringify(place) };
}
