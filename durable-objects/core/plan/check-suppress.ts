import type { SuppressNode } from "../../../schema/plan.ts";
import type { Keys } from "./keys.ts";
import { invalid, type Problem } from "./problem.ts";

/** `before`: the keys of the table that is held back. */
export function checkSuppress({ until, waitMs, buffer, name }: SuppressNode, before: Keys, field: string): Problem {
  if (until === "windowCloses" && before.kind !== "windowed") {
    return invalid(`${field}.until`, `"${name}" waits for windows, of a table that has none`, "Give a time limit.");
  }
  if (until === "windowCloses" && before.kind === "windowed" && before.windows.kind === "unlimited") {
    return invalid(`${field}.until`, `"${name}" waits for windows that never close`, "Give a time limit.");
  }
  if (until === "windowCloses" && buffer.whenFull !== "shutDown") {
    return invalid(
      `${field}.buffer.whenFull`,
      `"${name}" would send windows before they close`,
      "Final results cannot be early: shut down when the buffer is full, or leave it unbounded.",
    );
  }
  if (!Number.isSafeInteger(waitMs) || waitMs < 0)
    return invalid(`${field}.waitMs`, `a wait of ${waitMs} ms cannot be`, "Use 0 ms or more.");
  return (
    checkBound(buffer.maxRecords, `${field}.buffer.maxRecords`) ??
    checkBound(buffer.maxBytes, `${field}.buffer.maxBytes`)
  );
}

function checkBound(bound: number | undefined, field: string): Problem {
  if (bound === undefined || (Number.isSafeInteger(bound) && bound >= 0)) return undefined;
  return invalid(field, `a bound of ${bound} cannot be`, "Use a whole number, or leave it out.");
}
