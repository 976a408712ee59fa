import { type Answer, refuse, type Refusal } from "../../schema/error.ts";
import { MAX_READ_BYTES } from "../../schema/limits.ts";
import type { StoreAnswer, StoreKeyRead, StoreQuery, StoreRow, StoreScan } from "../../schema/rpc/store.ts";
import { shownStore, type PlanStore } from "../core/plan/stores.ts";
import { rowAsOf } from "../core/read/as-of.ts";
import { placeOf } from "../core/read/key-value-view.ts";
import { readPage } from "../core/read/read-page.ts";
import { viewOf } from "../core/read/view-of.ts";
import type { View } from "../core/read/view.ts";
import { errorText } from "../core/sink/error-text.ts";
import type { AttachedTask } from "./attached-task.ts";
import type { Loaded } from "./loaded.ts";

interface Request {
  readonly store: string;
  readonly query: StoreQuery;
}

/** Reads what the task has committed: every record below its position, none after. */
export function readStore(loaded: Loaded, task: AttachedTask, { store: name, query }: Request): Answer<StoreAnswer> {
  const found = viewIn(task, name);
  if (!found.ok) return found;
  const { store, view } = found;
  return showing(store, (): Answer<StoreAnswer> => {
    const page = query.kind === "key" ? rowOfKey(task, store, query) : pageOf(view, query);
    if ("code" in page) return page;
    return { ok: true, order: view.order, ...page, ...reflects(loaded, task) };
  });
}

export function viewIn(task: AttachedTask, name: string): Answer<{ readonly store: PlanStore; readonly view: View }> {
  const store = shownStore(task.plan?.nodes ?? [], name);
  if (store === undefined) return refuse("not_found", `pipeline ${task.pipeline} has no store ${name}`);
  if (task.code !== undefined) return { ok: true, store, view: viewOf(task.store, store) };
  return refuse("pipeline_paused", `task ${task.name} of ${task.pipeline} is ${task.state}: ${task.error ?? ""}`);
}

/** What of its input an answer reflects. */
export function reflects(loaded: Loaded, task: AttachedTask): Pick<StoreAnswer, "topic" | "partition" | "offset"> {
  return { topic: task.input, partition: loaded.row.partition, offset: task.position };
}

/** Rows may be states of which user code makes what is shown, and another version of it may have made the states. */
export function showing<T extends object>({ name, result }: PlanStore, read: () => Answer<T>): Answer<T> {
  if (result === undefined) return read();
  try {
    return read();
  } catch (error) {
    const message = `store ${name} holds what its result cannot be made of: ${errorText(error).message}`;
    return refuse("internal", message, { hint: "Raise the pipeline's version where an aggregate has changed." });
  }
}

type Rows = Pick<StoreAnswer, "rows" | "next">;

function pageOf(view: View, { maxCharacters = MAX_READ_BYTES, ...query }: StoreScan): Rows {
  return readPage(view, { ...query, maxCharacters: Math.min(maxCharacters, MAX_READ_BYTES) });
}

function rowOfKey(task: AttachedTask, store: PlanStore, { key, asOfMs }: StoreKeyRead): Rows | Refusal {
  if (asOfMs === undefined) return { rows: some(viewOf(task.store, store).at(placeOf(key))) };
  const historyMs = typeof store.view === "object" ? store.view.historyMs : 0;
  const oldestMs = (task.code?.streamTimeMs ?? -1) - historyMs;
  if (asOfMs < oldestMs) {
    const hint = `Ask for a time from ${oldestMs} on, or keep a longer history`;
    return refuse("invalid_request", `asOf ${asOfMs} is before the history that is kept`, { field: "asOf", hint });
  }
  const row = rowAsOf(task.store, store.name, { key, asOfMs });
  return { rows: some(row && { key, place: placeOf(key), ...row }) };
}

function some(row: StoreRow | undefined): readonly StoreRow[] {
  return row === undefined ? [] : [row];
}
