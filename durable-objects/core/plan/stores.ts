import type { PlanNode, Windows } from "../../../schema/plan.ts";
import type { StoreKind } from "../store/state-store.ts";
import type { TaskNode } from "./task-plan.ts";
import { shapeOf } from "./windows.ts";

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
  /** Its rows are the engine's own: not read from outside. */
  readonly hidden?: boolean | undefined;
}

export function storesOf(node: PlanNode | TaskNode): readonly PlanStore[] {
  if (!("store" in node)) return [];
  switch (node.kind) {
    case "toTable":
      return [{ name: node.store.name, kind: "keyValue", retentionMs: node.store.retentionMs }];
    case "aggregate": {
      const { store, windows } = node;
      if (windows === undefined) return [{ ...store, kind: "keyValue" }];
      return [{ ...store, kind: "window", windows, shape: shapeOf(windows) }];
    }
    case "dedup":
      return [{ name: node.store.name, kind: "window", shape: [node.withinMs], hidden: true }];
  }
}

/** The store of this name that can be read from outside: one of the kinds that a StoreAnswer has. */
export function readableStore(nodes: readonly (PlanNode | TaskNode)[], name: string): PlanStore | undefined {
  return nodes
    .flatMap(storesOf)
    .find((store) => store.name === name && store.hidden !== true && store.kind !== "ordered");
}
