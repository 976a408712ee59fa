import { MAX_WINDOW_MS, MAX_WINDOWS_PER_RECORD, PIPELINE_NAME_PATTERN } from "../../../schema/limits.ts";
import type { PlanNode, StoreDefinition, TimeWindows } from "../../../schema/plan.ts";
import { isKeyed } from "./cut.ts";
import { AS_READ, type Keys, keysOf } from "./keys.ts";
import { storesOf } from "./stores.ts";
import { invalid, type Problem } from "./problem.ts";

/** Stores have names of their own, possible windows, and records that lie where their key belongs. */
export function checkStores(nodes: readonly PlanNode[]): Problem {
  const keys = keysOf(nodes);
  const stores = new Set<string>();
  for (const [index, node] of nodes.entries()) {
    const before = node.inputs.map((input) => keys.get(input) ?? AS_READ);
    const field = `nodes[${index}]`;
    const problem =
      (isKeyed(node) ? checkKeys(node.name, before, `${field}.inputs`) : undefined) ?? checkNode(node, stores, field);
    if (problem) return problem;
  }
  return undefined;
}

function checkNode(node: PlanNode, stores: Set<string>, field: string): Problem {
  for (const { name, retentionMs, windows } of storesOf(node)) {
    const problem =
      checkName(name, stores, `${field}.store.name`) ??
      checkRetention({ name, retentionMs }, windows, `${field}.store.retentionMs`) ??
      checkWindows(windows, `${field}.windows`);
    if (problem) return problem;
  }
  if (node.kind === "dedup") return checkWithin(node.withinMs, `${field}.withinMs`);
  return undefined;
}

function checkWithin(withinMs: number, field: string): Problem {
  if (Number.isSafeInteger(withinMs) && withinMs >= 1 && withinMs <= MAX_WINDOW_MS) return undefined;
  return invalid(field, `a time of ${withinMs} ms cannot be`, `Use 1 to ${MAX_WINDOW_MS} ms.`);
}

/** Keys of stores are text. */
function checkKeys(node: string, before: readonly Keys[], field: string): Problem {
  if (before.every(({ kind }) => kind !== "windowed")) return undefined;
  return invalid(
    field,
    `"${node}" keeps state by a window and its key`,
    "Keys of stores are text. Give the records a text key with selectKey first.",
  );
}

function checkName(name: string, stores: Set<string>, field: string): Problem {
  if (!PIPELINE_NAME_PATTERN.test(name)) {
    return invalid(field, `"${name}" is not a store name`, "Use 1 to 100 of the characters a-z A-Z 0-9 . _ -");
  }
  if (stores.has(name)) return invalid(field, `two stores are named "${name}"`, "Give each store a name of its own.");
  stores.add(name);
  return undefined;
}

function checkRetention({ retentionMs }: StoreDefinition, windows: TimeWindows | undefined, field: string): Problem {
  if (retentionMs === undefined) return undefined;
  if (windows === undefined) return invalid(field, "only windows have a retention", "Leave it out.");
  const least = windows.sizeMs + windows.graceMs;
  if (Number.isSafeInteger(retentionMs) && retentionMs >= least) return undefined;
  return invalid(
    field,
    `retention ${retentionMs} ms is below size + grace, ${least} ms`,
    `Keep windows at least ${least} ms.`,
  );
}

function checkWindows(windows: TimeWindows | undefined, field: string): Problem {
  if (windows === undefined) return undefined;
  const { sizeMs, advanceMs, graceMs } = windows;
  if (!Number.isSafeInteger(sizeMs) || sizeMs < 1 || sizeMs > MAX_WINDOW_MS) {
    return invalid(`${field}.sizeMs`, `window size is ${sizeMs} ms`, `Use 1 to ${MAX_WINDOW_MS} ms.`);
  }
  if (!Number.isSafeInteger(advanceMs) || advanceMs < 1 || advanceMs > sizeMs) {
    return invalid(
      `${field}.advanceMs`,
      `windows of ${sizeMs} ms advance by ${advanceMs} ms`,
      `Advance by 1 to ${sizeMs} ms.`,
    );
  }
  if (!Number.isSafeInteger(graceMs) || graceMs < 0) {
    return invalid(`${field}.graceMs`, `grace is ${graceMs} ms`, "Use 0 ms or more.");
  }
  const windowsPerRecord = Math.ceil(sizeMs / advanceMs);
  if (windowsPerRecord <= MAX_WINDOWS_PER_RECORD) return undefined;
  return invalid(
    `${field}.advanceMs`,
    `a record would be in ${windowsPerRecord} windows, above ${MAX_WINDOWS_PER_RECORD}`,
    `Advance by at least a ${MAX_WINDOWS_PER_RECORD}th of the size.`,
  );
}
