import type { PlanNode } from "../../../schema/plan.ts";
import { retentionOf } from "../operator/join-windows.ts";
import type { TaskNode } from "./task-plan.ts";
import { stepMsOf } from "./windows.ts";

/** Nodes that keep state by key: all records of a key must come to the same task. */
export function isKeyed(node: PlanNode): boolean {
  // A table without a store of its own has no state.
  if (node.kind === "tableFilter" || node.kind === "tableMapValues") return node.store !== undefined;
  return KEYED.has(node.kind);
}

/** How finely a node minds event time, ms; undefined when it does not. */
export function stepOf(node: TaskNode): number | undefined {
  if (node.kind === "dedup" || node.kind === "pattern") return node.withinMs;
  if (node.kind === "streamJoin" && node.windows !== undefined) {
    // What is kept comes out at any ms; else time only lets go of state.
    const kept = node.join === "left" || node.join === "outer";
    return kept ? 1 : Math.max(1, retentionOf(node.windows));
  }
  if (node.kind === "streamTableJoin") return node.graceMs === undefined ? undefined : 1;
  if (node.kind === "toTable") return node.versioned?.historyMs;
  // A timer may be set, and a change held back, for any time.
  if (node.kind === "process" || node.kind === "suppress") return TIMER_STEP_MS;
  return node.kind === "aggregate" && node.windows !== undefined ? stepMsOf(node.windows) : undefined;
}

const KEYED: ReadonlySet<PlanNode["kind"]> = new Set([
  "aggregate",
  "toTable",
  "dedup",
  "pattern",
  "process",
  "tableAggregate",
  "streamJoin",
  "streamTableJoin",
  "tableJoin",
  "foreignKeyJoin",
] as const);

const TIMER_STEP_MS = 1_000;
