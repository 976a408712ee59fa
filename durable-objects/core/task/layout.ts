import type { TaskNode, TaskPlan } from "../plan/task-plan.ts";
import { compareKeys } from "../store/key-order.ts";
import type { StoreKind } from "../store/state-store.ts";

/** Names, kinds and window sizes of a plan's stores, sorted by name: `[["totals","window",3600000,3600000]]`. */
export function layoutOf(plan: TaskPlan): string {
  return JSON.stringify(plan.nodes.flatMap(storesOf).toSorted(([a], [b]) => compareKeys(a, b)));
}

type StoreLayout = readonly [name: string, kind: StoreKind, ...sizes: number[]];

function storesOf(node: TaskNode): readonly StoreLayout[] {
  if (node.kind === "toTable") return [[node.store.name, "keyValue"]];
  if (node.kind !== "aggregate") return [];
  const { store, windows } = node;
  return windows === undefined
    ? [[store.name, "keyValue"]]
    : [[store.name, "window", windows.sizeMs, windows.advanceMs]];
}
