import { MAX_WINDOW_MS } from "../../../schema/limits.ts";
import type { JoinWindows, StreamJoinNode } from "../../../schema/plan.ts";
import { invalid, type Problem } from "./problem.ts";

/** Two inputs, functions where they are needed, and windows where something comes out when they close. */
export function checkStreamJoin(node: StreamJoinNode, field: string): Problem {
  const { inputs, name, join, joiner, windows } = node;
  if ((inputs.length as number) !== 2) {
    return invalid(
      `${field}.inputs`,
      `join "${name}" has ${inputs.length} inputs`,
      "Name the left, then the right one.",
    );
  }
  if ((join === "semi") !== (joiner === undefined)) {
    return join === "semi"
      ? invalid(`${field}.joiner`, `semi join "${name}" has a joiner`, "It passes on left records as they are.")
      : invalid(`${field}.joiner`, `join "${name}" has no joiner`, "Give the function that makes a value of a pair.");
  }
  if (windows !== undefined) return checkJoinWindows(windows, `${field}.windows`);
  if (join === "inner" || join === "semi") return undefined;
  return invalid(
    `${field}.windows`,
    `${join} join "${name}" has no windows`,
    "What matches nothing comes out when its window closes: say within which time records match.",
  );
}

function checkJoinWindows({ beforeMs, afterMs, graceMs }: JoinWindows, field: string): Problem {
  for (const [name, ms] of Object.entries({ beforeMs, afterMs, graceMs })) {
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
  if (graceMs >= 0 && graceMs <= MAX_WINDOW_MS) return undefined;
  return invalid(`${field}.graceMs`, `grace is ${graceMs} ms`, `Use 0 to ${MAX_WINDOW_MS} ms.`);
}
