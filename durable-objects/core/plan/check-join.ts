import { MAX_WINDOW_MS } from "../../../schema/limits.ts";
import type { PlanNode, StreamJoinNode, StreamTableJoinNode } from "../../../schema/plan.ts";
import type { JoinWindows, TimeWindows } from "../../../schema/windows.ts";
import { checkWindows } from "./check-windows.ts";
import { checkIdle } from "./close-when-idle.ts";
import { invalid, type Problem } from "./problem.ts";

/** What joins and versioned tables say of themselves. That they read tables where they must is checked with the graph. */
export function checkJoin(node: PlanNode, field: string): Problem {
  if (node.kind === "toTable" && node.versioned !== undefined)
    return checkTime("history", node.versioned.historyMs, { field: `${field}.versioned.historyMs`, least: 1 });
  if (node.kind === "streamJoin") {
    const waits = (node.join === "left" || node.join === "outer") && node.unmatched !== "eager";
    return checkInputs(node, field) ?? checkStreamJoin(node, field) ?? checkQuiet(node, waits, field);
  }
  if (node.kind === "globalJoin" || node.kind === "tableJoin" || node.kind === "foreignKeyJoin")
    return checkInputs(node, field);
  if (node.kind !== "streamTableJoin") return undefined;
  const problem = checkTime("grace", node.graceMs ?? 0, { field: `${field}.graceMs`, least: 0 });
  return checkInputs(node, field) ?? problem ?? checkQuiet(node, node.graceMs !== undefined, field);
}

function checkQuiet(node: StreamJoinNode | StreamTableJoinNode, waits: boolean, field: string): Problem {
  const at = `${field}.closeWhenIdleMs`;
  if (node.closeWhenIdleMs === undefined || waits) return checkIdle(node, at);
  return invalid(at, `in "${node.name}" nothing waits for time`, "Leave it out.");
}

function checkInputs({ name, inputs }: PlanNode, field: string): Problem {
  if (inputs.length === 2) return undefined;
  return invalid(`${field}.inputs`, `join "${name}" has ${inputs.length} inputs`, "Name the left, then the right one.");
}

/** Functions where they are needed, and windows where something comes out when they close. */
function checkStreamJoin({ name, join, joiner, windows, once }: StreamJoinNode, field: string): Problem {
  if ((join === "semi") !== (joiner === undefined)) {
    return join === "semi"
      ? invalid(`${field}.joiner`, `semi join "${name}" has a joiner`, "It passes on left records as they are.")
      : invalid(`${field}.joiner`, `join "${name}" has no joiner`, "Give the function that makes a value of a pair.");
  }
  if (once !== undefined && join !== "inner") {
    return invalid(`${field}.once`, `${join} join "${name}" has "once"`, "Leave it out, or make it an inner join.");
  }
  if (windows?.kind === "time") return checkSameWindow(windows, `${field}.windows`);
  if (windows !== undefined) return checkJoinWindows(windows, `${field}.windows`);
  if (join === "inner" || join === "semi") return undefined;
  return invalid(
    `${field}.windows`,
    `${join} join "${name}" has no windows`,
    "What matches nothing comes out when its window closes: say within which time records match.",
  );
}

function checkSameWindow(windows: TimeWindows, field: string): Problem {
  if (windows.advanceMs === windows.sizeMs) return checkWindows(windows, field);
  return invalid(
    `${field}.advanceMs`,
    `a record is in several windows of ${windows.sizeMs} ms that advance by ${windows.advanceMs} ms`,
    "Join in tumbling windows, or say how far apart records may be: within(…).",
  );
}

function checkJoinWindows({ beforeMs, afterMs, graceMs }: JoinWindows, field: string): Problem {
  for (const [name, ms] of Object.entries({ beforeMs, afterMs })) {
    if (!Number.isSafeInteger(ms)) return invalid(`${field}.${name}`, `${name} is ${ms}`, "Use whole milliseconds.");
  }
  const spanMs = beforeMs + afterMs;
  if (spanMs < 0 || spanMs > MAX_WINDOW_MS) {
    return invalid(
      field,
      `records match over ${spanMs} ms`,
      `Let before and after together be 0 to ${MAX_WINDOW_MS} ms.`,
    );
  }
  return checkTime("grace", graceMs, { field: `${field}.graceMs`, least: 0 });
}

function checkTime(what: string, ms: number, { field, least }: { field: string; least: number }): Problem {
  if (Number.isSafeInteger(ms) && ms >= least && ms <= MAX_WINDOW_MS) return undefined;
  return invalid(field, `${what} is ${ms} ms`, `Use ${least} to ${MAX_WINDOW_MS} ms.`);
}
