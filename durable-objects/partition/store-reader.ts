import { type Answer, refuse } from "../../schema/error.ts";
import type { StoreAnswer, StoreQuery, StoreRow } from "../../schema/rpc.ts";
import type { PlanNode, StoreDefinition, TimeWindows } from "../../schema/plan.ts";
import type { WindowRow } from "../core/store/state-store.ts";
import type { Loaded } from "./loaded.ts";
import type { AttachedTask } from "./attached-task.ts";

interface NamedStore {
  readonly definition: StoreDefinition;
  readonly windows: TimeWindows | undefined;
}

function storeOf(nodes: readonly PlanNode[], name: string): NamedStore | undefined {
  for (const node of nodes) {
    if (node.kind === "aggregate" && node.store.name === name) return { definition: node.store, windows: node.windows };
    if (node.kind === "toTable" && node.store.name === name) return { definition: node.store, windows: undefined };
  }
  return undefined;
}

/** Reads what the task has committed: every record below its position, none after. */
export function readStore(loaded: Loaded, task: AttachedTask, request: { store: string; query: StoreQuery }): Answer<StoreAnswer> {
  const store = storeOf(task.plan?.nodes ?? [], request.store);
  if (store === undefined) return refuse("not_found", `pipeline ${task.pipeline} has no store ${request.store}`);
  const { query } = request;
  const at = { topic: loaded.row.topic, partition: loaded.row.partition, offset: task.position };
  if (store.windows !== undefined) return readWindows(task, { name: request.store, sizeMs: store.windows.sizeMs, query, at });
  if (query.kind === "windows") {
    return refuse("invalid_request", `store ${request.store} is not windowed`, { field: "from", hint: "Read it by key alone" });
  }
  if (query.kind === "key") {
    const value = task.store.get(request.store, query.key);
    const rows = value === undefined ? [] : [{ key: query.key, value: value.value }];
    return { ok: true, kind: "keyValue", rows, ...at };
  }
  const after = query.cursor === undefined ? undefined : (JSON.parse(query.cursor) as string);
  const found = task.store.scan(request.store, after, query.limit);
  const rows = found.map(({ key, value }) => ({ key, value }));
  const last = found.length === query.limit ? found.at(-1) : undefined;
  return { ok: true, kind: "keyValue", rows, ...at, cursor: last === undefined ? undefined : JSON.stringify(last.key) };
}

type At = Pick<StoreAnswer, "topic" | "partition" | "offset">;

function readWindows(task: AttachedTask, read: { name: string; sizeMs: number; query: StoreQuery; at: At }): Answer<StoreAnswer> {
  const { name, sizeMs, query, at } = read;
  const rowOf = ({ key, value, start }: WindowRow): StoreRow => ({ key, value, start, end: start + sizeMs });
  if (query.kind === "key") {
    return refuse("invalid_request", `store ${name} is windowed`, { field: "from", hint: "Give from and to, in ms since epoch" });
  }
  if (query.kind === "windows") {
    const found = task.store.windowsOfKey(name, query.key, query);
    return { ok: true, kind: "window", rows: found.map(rowOf), ...at };
  }
  const after = query.cursor === undefined ? undefined : (JSON.parse(query.cursor) as { start: number; key: string });
  const found = task.store.scanWindows(name, after, query.limit);
  const last = found.length === query.limit ? found.at(-1) : undefined;
  const cursor = last === undefined ? undefined : JSON.stringify({ start: last.start, key: last.key });
  return { ok: true, kind: "window", rows: found.map(rowOf), ...at, cursor };
}
