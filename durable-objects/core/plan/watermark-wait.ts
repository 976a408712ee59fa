import type { AggregateNode, PlanNode } from "../../../schema/plan.ts";
import type { TaskNode } from "./task-plan.ts";

/**
 * How far what a node sends may be behind the watermark that its records have passed, ms: a join gives what matches none
 * when nothing can match it any more, with its own time. For what stands behind it the watermark is so much earlier.
 */
export function waitOf(node: PlanNode | TaskNode): number {
  if (node.kind === "streamTableJoin") return node.graceMs ?? 0;
  if (node.kind === "aggregate") return node.emit === "onClose" ? graceOf(node) : 0;
  if (node.kind === "suppress") return node.until === "timeLimit" ? node.waitMs : 0;
  if (node.kind !== "streamJoin" || node.windows === undefined || node.unmatched === "eager") return 0;
  const { join, windows } = node;
  if (join === "inner" || join === "semi") return 0;
  if (windows.kind === "time") return windows.sizeMs + windows.graceMs;
  const { beforeMs, afterMs, graceMs } = windows;
  // Spark's: the slower side's, and a ms more.
  return Math.max(0, beforeMs, afterMs) + graceMs + 1;
}

/** Results of closed windows have the last ms of their windows, and come the grace after it. */
function graceOf({ windows }: AggregateNode): number {
  return windows === undefined || windows.kind === "unlimited" ? 0 : windows.graceMs;
}

/** Of all nodes on the way from the watermark into a node. */
export function waitBefore(nodes: ReadonlyMap<string, TaskNode>, { inputs }: TaskNode): number {
  const waits = inputs.map((input) => {
    const node = nodes.get(input);
    return node === undefined ? 0 : waitOf(node) + waitBefore(nodes, node);
  });
  return Math.max(0, ...waits);
}
