import type { AggregateNode } from "../../../schema/plan.ts";
import type { TaskNode } from "./task-plan.ts";
import { windowSources } from "./windowed-joins.ts";

/** Another node of the task may look at the rows of an aggregate while a micro-batch runs. */
export function readInBatch(nodes: readonly TaskNode[], { name }: AggregateNode): boolean {
  return nodes.some(
    (node) =>
      node.kind === "batchSql" ||
      (LOOKS_UP.has(node.kind) && (node.inputs as readonly string[]).includes(name)) ||
      (node.kind === "tableJoin" && windowSources(nodes, node.name)?.includes(name)),
  );
}

/** They look rows up by key, in the store of the table that they read. */
const LOOKS_UP: ReadonlySet<TaskNode["kind"]> = new Set([
  "streamTableJoin",
  "tableJoin",
  "globalJoin",
  "foreignKeySend",
  "foreignKeyMatch",
  "foreignKeyResult",
  "process",
] as const);
