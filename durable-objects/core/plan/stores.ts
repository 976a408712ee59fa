import type {
  AggregateNode,
  ForeignKeyJoinNode,
  PlanNode,
  ProcessNode,
  StreamJoinNode,
  SuppressNode,
  TableJoinNode,
  TableNode,
} from "../../../schema/plan.ts";
import type { JoinWindows, TimeWindows, Windows } from "../../../schema/windows.ts";
import type { StoreDescription } from "../../../schema/rpc/store.ts";
import type { StoreKind } from "../store/state-store.ts";
import { joinStores } from "./join-stores.ts";
import type { ForeignKeyNode, TaskNode } from "./task-plan.ts";
import { liesByKey, shapeOf } from "./windows.ts";

/** A store of a node, as all that deals with stores sees it: layout, checks, reads, descriptions. */
export interface PlanStore {
  readonly name: string;
  readonly kind: StoreKind;
  /** Of a windowed table. */
  readonly windows?: Windows | undefined;
  /** What else its rows depend on: a plan that says otherwise cannot take them over. */
  readonly shape?: readonly (number | string)[] | undefined;
  /** Asked for by the user, how long windows stay readable. */
  readonly retentionMs?: number | undefined;
  /** Its rows are the engine's own: no part of a plan reads them by their name. */
  readonly hidden?: boolean | undefined;
  /** What readers from outside see in its rows, where that is not what every row of its kind is. */
  readonly view?: StoreView | undefined;
  /** What readers from outside get is made of its rows by this. */
  readonly result?: AggregateNode["result"];
}

export type StoreView = "list" | "map" | "joinSide" | { readonly historyMs: number };

export function storesOf(node: PlanNode | TaskNode): readonly PlanStore[] {
  if ("join" in node && typeof node.join === "object") return foreignKeyStores(node);
  if (!("store" in node)) return [];
  switch (node.kind) {
    case "tableFilter":
    case "tableMapValues":
      return node.store === undefined ? [] : [{ ...node.store, kind: "keyValue" }];
    case "tableAggregate":
      return [{ ...node.store, kind: "keyValue", result: node.result }];
    case "toTable":
      return tableStores(node);
    case "tableJoin":
      return [tableJoinRows(node)];
    case "foreignKeyJoin":
      return [foreignKeyRows(node)];
    case "globalRows":
      return [node.store.name, sizeOf(node.store.name)].map((name) => ({ name, kind: "keyValue", hidden: true }));
    case "tableCopy":
      return [{ name: node.store.name, kind: "keyValue", hidden: true }];
    case "streamTableJoin":
      return node.graceMs === undefined ? [] : [{ name: node.store.name, kind: "window", hidden: true }];
    case "aggregate":
      return aggregateStores(node);
    case "process":
      return processStores(node);
    case "pattern":
      return [
        { name: node.store.name, kind: "keyValue", shape: node.steps.map(({ name }) => name), hidden: true },
        { name: timersOf(node.store.name), kind: "window", hidden: true },
      ];
    case "suppress":
      return suppressStores(node);
    case "dedup":
      return [{ name: node.store.name, kind: "window", shape: [node.withinMs], hidden: true }];
    case "streamJoin":
      return streamJoinStores(node);
  }
}

function tableJoinRows({ store: { name }, join, windows }: TableJoinNode): PlanStore {
  if (windows === undefined) return { name, kind: "keyValue", shape: [join] };
  return { name, kind: "window", windows, shape: [join, ...shapeOf(windows)] };
}

function aggregateStores({ store, windows, emit, result }: AggregateNode): PlanStore[] {
  if (windows === undefined) return [{ ...store, kind: "keyValue", result }];
  const rows: PlanStore = { ...store, kind: "window", windows, shape: shapeOf(windows), result };
  if (!liesByKey(windows)) return [rows];
  const timers: PlanStore = { name: timersOf(store.name), kind: "window", hidden: true };
  return [{ ...rows, kind: "ordered" }, ...(emit === "onClose" ? [timers] : [])];
}

/** One for each state, `<store>.<state>`, and those of its timers, of the ends of values, and of initial states. */
function processStores({ store, states, inputs, wallClockTimer }: ProcessNode): PlanStore[] {
  const stores = Object.entries(states).map(([state, { kind, ttlMs }]): PlanStore => ({
    name: stateStoreOf(store.name, state),
    kind: kind === "list" ? "ordered" : "keyValue",
    shape: [kind, ...(kind === "list" && ttlMs !== undefined ? [ttlMs] : [])],
    ...(kind === "value" ? {} : { hidden: true, view: kind }),
  }));
  const wall = wallClockTimer === undefined ? [] : [wallTimersOf(store.name)];
  const own: PlanStore[] = [timersOf(store.name), ...wall, endsOf(store.name)].map((name) => ({
    name,
    kind: "window",
    hidden: true,
  }));
  const met: PlanStore[] = inputs.length > 1 ? [{ name: metOf(store.name), kind: "keyValue", hidden: true }] : [];
  return [...stores, ...own, ...met];
}

function suppressStores({ store: { name }, until, buffer }: SuppressNode): PlanStore[] {
  const rows: PlanStore = { name, kind: "window", shape: ["suppress", until], hidden: true };
  const places: PlanStore = { name: placesOf(name), kind: "keyValue", hidden: true };
  const size: PlanStore = { name: sizeOf(name), kind: "keyValue", hidden: true };
  const bounded = buffer.maxRecords !== undefined || buffer.maxBytes !== undefined;
  return [rows, ...(until === "timeLimit" ? [places] : []), ...(bounded ? [size] : [])];
}

/** The time under which the row of a key lies. */
export function placesOf(store: string): string {
  return `${store}.places`;
}

/** How much a bounded store has. */
export function sizeOf(store: string): string {
  return `${store}.size`;
}

export function stateStoreOf(store: string, state: string): string {
  return `${store}.${state}`;
}

/** When values with a time to live are over. */
export function endsOf(store: string): string {
  return `${store}.ends`;
}

/** Keys that something has come for. */
export function metOf(store: string): string {
  return `${store}.met`;
}

/** The store in which a node keeps its timers, beside another. */
export function timersOf(store: string): string {
  return `${store}.timers`;
}

/** The same of timers by the clock on the wall. */
export function wallTimersOf(store: string): string {
  return `${store}.wall-timers`;
}

/** Which key each left row names, the left rows by the key they name, or the results and how new each is. */
function foreignKeyStores({ kind, name, join }: ForeignKeyNode): readonly PlanStore[] {
  const hidden = true;
  if (kind === "foreignKeySend")
    return [name, numbersOf(name)].map((store) => ({ name: store, kind: "keyValue", hidden }));
  if (kind === "foreignKeyMatch") return [{ name, kind: "ordered", hidden }];
  return [foreignKeyRows(join), { name: versionsOf(join.store.name), kind: "keyValue", hidden }];
}

function foreignKeyRows({ store, join }: ForeignKeyJoinNode): PlanStore {
  return { name: store.name, kind: "keyValue", shape: [join, "foreignKey"] };
}

/** The store of the number that the next row sent gets, beside that of what was sent. */
export function numbersOf(store: string): string {
  return `${store}.numbers`;
}

/** How new each row of a foreign-key join is, beside it. */
export function versionsOf(store: string): string {
  return `${store}.versions`;
}

/** The rows, and of a versioned table what they were before. */
function tableStores({ store: { name, retentionMs }, versioned }: TableNode): readonly PlanStore[] {
  const rows = { name, kind: "keyValue", retentionMs } as const;
  if (versioned === undefined) return [rows];
  const shape = [versioned.historyMs];
  return [
    { ...rows, shape, view: { historyMs: versioned.historyMs } },
    { name: historyOf(name), kind: "ordered", shape, hidden: true },
  ];
}

/** The store of what the rows of a versioned table were, beside it. */
export function historyOf(store: string): string {
  return `${store}.history`;
}

function streamJoinStores(node: StreamJoinNode): readonly PlanStore[] {
  const { join, windows, unmatched: mode, once } = node;
  const { rows, unmatched } = joinStores(node);
  const shape = [once === true ? `${join} once` : join, mode, ...(windows === undefined ? [] : joinShapeOf(windows))];
  const hidden = true;
  return [
    ...rows.map((name) => ({ name, kind: "ordered", shape, hidden, view: "joinSide" }) as const),
    ...unmatched.flatMap((name) => (name === undefined ? [] : [{ name, kind: "window", shape, hidden } as const])),
  ];
}

function joinShapeOf(windows: JoinWindows | TimeWindows): readonly (number | string)[] {
  if (windows.kind === "time") return ["tumbling", windows.sizeMs, windows.graceMs];
  return [windows.beforeMs, windows.afterMs, windows.graceMs];
}

/** The store of this name, if other parts of the plan may read its rows. */
export function readableStore(nodes: readonly (PlanNode | TaskNode)[], name: string): PlanStore | undefined {
  return nodes.flatMap(storesOf).find((store) => store.name === name && readable(store));
}

export function readable({ hidden, kind, windows }: PlanStore): boolean {
  return hidden !== true && (kind !== "ordered" || windows !== undefined);
}

/** The store of this name, if it is there for readers from outside. */
export function shownStore(nodes: readonly (PlanNode | TaskNode)[], name: string): PlanStore | undefined {
  return nodes.flatMap(storesOf).find((store) => store.name === name && shown(store));
}

export function shown(store: PlanStore): boolean {
  return store.view !== undefined || readable(store);
}

/** What of a store can be asked for over HTTP. */
export function describeStore({ name, windows, view }: PlanStore): StoreDescription {
  if (windows !== undefined) {
    const reads = ["key", "prefix", "range", "times"] as const;
    return { name, kind: "window", windows: windows.kind, key: ["key", "start", "end"], reads };
  }
  switch (view) {
    case undefined:
      return { name, kind: "keyValue", key: ["key"], reads: ["key", "prefix", "range"] };
    case "map":
      return { name, kind: "map", key: ["key", "name"], reads: ["key"] };
    case "list":
      return { name, kind: "list", key: ["key", "at", "seq"], reads: ["key", "prefix", "range"] };
    case "joinSide":
      return { name, kind: "joinSide", key: ["key", "at", "seq"], reads: ["key", "prefix", "range", "times"] };
    default:
      return { name, kind: "versioned", key: ["key"], reads: ["key", "prefix", "range", "asOf"] };
  }
}
