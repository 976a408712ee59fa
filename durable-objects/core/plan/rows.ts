import type { AggregateNode } from "../../../schema/plan.ts";
import type { TaskNode } from "./task-plan.ts";

/** Where the rows of a table lie, by key. */
export interface TableRowsPlace {
  readonly store: string;
  /** What a row is made of what lies there by this. */
  readonly result?: AggregateNode["result"];
}

/** `undefined`: the node keeps no rows. */
export function rowsOf(node: TaskNode): TableRowsPlace | undefined {
  if (node.kind === "foreignKeyResult") return { store: node.join.store.name };
  if (node.kind === "toTable" || node.kind === "tableJoin" || node.kind === "tableCopy" || node.kind === "globalRows")
    return { store: node.store.name };
  if (node.kind === "tableFilter" || node.kind === "tableMapValues")
    return node.store === undefined ? undefined : { store: node.store.name };
  if (node.kind === "tableAggregate" || (node.kind === "aggregate" && node.windows === undefined))
    return { store: node.store.name, result: node.result };
  return undefined;
}
