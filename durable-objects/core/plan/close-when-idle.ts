import { CLOSE_WHEN_IDLE_MS, IDLE_AFTER_MS } from "../../../schema/limits.ts";
import { invalid, type Problem } from "./problem.ts";
import type { TaskNode, TaskPlan } from "./task-plan.ts";

/** How long a node's input must be quiet until its time goes on without records; Infinity: it never does. */
export function closeWhenIdleMs(node: TaskNode): number {
  if (node.kind === "suppress") return node.until === "windowCloses" ? CLOSE_WHEN_IDLE_MS : Infinity;
  const idleMs = "closeWhenIdleMs" in node ? node.closeWhenIdleMs : undefined;
  return idleMs ?? (sendsOnCloseOnly(node) ? CLOSE_WHEN_IDLE_MS : Infinity);
}

/** Some of its results come when time has passed them, and at no other time. */
function sendsOnCloseOnly(node: TaskNode): boolean {
  if (node.kind === "aggregate") return node.windows !== undefined && node.emit === "onClose";
  if (node.kind === "streamTableJoin") return node.graceMs !== undefined;
  return node.kind === "streamJoin" && (node.join === "left" || node.join === "outer") && node.unmatched === "onClose";
}

/**
 * How long a task must stand at the end of its log until it says that it is idle (ENG-23). What closes behind it when its
 * own input is quiet waits no longer for this one than for that.
 */
export function idleAfterMs({ nodes }: TaskPlan): number {
  const behind = nodes.flatMap((node) => (node.kind === "internalSink" ? (node.closesAfterMs ?? []) : []));
  return Math.min(IDLE_AFTER_MS, ...behind);
}

export function checkIdle(
  { closeWhenIdleMs: ms }: { readonly closeWhenIdleMs?: number | undefined },
  field: string,
): Problem {
  if (ms === undefined || ms === Infinity || (Number.isSafeInteger(ms) && ms >= 1)) return undefined;
  return invalid(field, `quiet of ${ms} ms`, "Use 1 ms or more, or Infinity for never.");
}
