import { CLOSE_WHEN_IDLE_MS } from "../../../schema/limits.ts";
import type { TaskNode } from "./task-plan.ts";

/** How long a node's input must be quiet until its time goes on without records; Infinity: it never does. */
export function closeWhenIdleMs(node: TaskNode): number {
  if (node.kind === "suppress") return node.until === "windowCloses" ? CLOSE_WHEN_IDLE_MS : Infinity;
  if (node.kind !== "aggregate" || node.windows === undefined) return Infinity;
  return node.closeWhenIdleMs ?? (node.emit === "onClose" ? CLOSE_WHEN_IDLE_MS : Infinity);
}
