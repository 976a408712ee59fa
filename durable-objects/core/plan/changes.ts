import type { PlanNode } from "../../../schema/plan.ts";
import type { TaskNode } from "./task-plan.ts";

/**
 * The nodes whose records must say what they replace, because one that reads them asks. Others leave it out: the value
 * before is then neither kept nor sent (Kafka Streams' sendOldValues).
 */
export function changesRead(nodes: readonly (PlanNode | TaskNode)[]): ReadonlySet<string> {
  const read = new Set<string>();
  for (const node of nodes.toReversed()) {
    if (readsBefore(node, read.has(node.name))) for (const input of node.inputs) read.add(input);
  }
  return read;
}

/** `asked`: somebody behind reads what the node's own records replace. */
function readsBefore(node: PlanNode | TaskNode, _asked: boolean): boolean {
  return node.kind === "internalSink" && node.changes;
}
