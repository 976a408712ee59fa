import { MAX_WINDOW_MS, PIPELINE_NAME_PATTERN } from "../../../schema/limits.ts";
import type { AggregateNode, PlanNode, ProcessNode } from "../../../schema/plan.ts";
import type { Windows } from "../../../schema/windows.ts";
import { checkRetention, checkWindows } from "./check-windows.ts";
import { checkPattern } from "./check-pattern.ts";
import { checkSuppress } from "./check-suppress.ts";
import { AS_READ, type Keys, keysOf, merged } from "./keys.ts";
import { isKeyed } from "./requirements.ts";
import { storesOf } from "./stores.ts";
import { checkJoin } from "./check-join.ts";
import { checkIdle } from "./close-when-idle.ts";
import { checkLookup } from "./check-lookup.ts";
import { checkJoinedKeys } from "./check-windowed-join.ts";
import { invalid, type Problem } from "./problem.ts";

/** Stores have names of their own, possible windows, and records that lie where their key belongs. */
export function checkStores(nodes: readonly PlanNode[]): Problem {
  const keys = keysOf(nodes);
  const stores = new Set<string>();
  for (const [index, node] of nodes.entries()) {
    const before = node.inputs.map((input) => keys.get(input) ?? AS_READ);
    const field = `nodes[${index}]`;
    const problem =
      keysProblem(node, before, field) ??
      (node.kind === "suppress" ? checkSuppress(node, merged(before), field) : undefined) ??
      checkNode(node, stores, field);
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
  if (node.kind === "pattern") return checkPattern(node, field) ?? checkWithin(node.withinMs, `${field}.withinMs`);
  if (node.kind === "dedup") return checkWithin(node.withinMs, `${field}.withinMs`);
  if (node.kind === "process") return checkProcess(node, `${field}.closeWhenIdleMs`);
  if (node.kind === "aggregate") return checkAggregators(node, `${field}.others`) ?? checkAggregate(node, field);
  return checkJoin(node, field) ?? checkLookup(node, field);
}

function checkProcess(node: ProcessNode, field: string): Problem {
  if (node.closeWhenIdleMs !== undefined && node.timer === undefined)
    return invalid(field, "only timers fire when nothing comes", "Give the processor a timer, or leave it out.");
  return checkIdle(node, field);
}

function checkAggregate(node: AggregateNode, field: string): Problem {
  const { emit, windows, merger } = node;
  if (windows?.kind === "session" && merger === undefined) {
    return invalid(`${field}.merger`, "sessions that become one have no merger", "Say how their states become one.");
  }
  const problem = emit === "onClose" ? checkOnClose(windows, `${field}.emit`) : undefined;
  const idle = `${field}.closeWhenIdleMs`;
  if (node.closeWhenIdleMs !== undefined && windows === undefined)
    return problem ?? invalid(idle, "only windows close", "Group by windows, or leave it out.");
  return problem ?? checkIdle(node, idle);
}

function checkOnClose(windows: Windows | undefined, field: string): Problem {
  if (windows === undefined) return invalid(field, "only windows close", "Group by windows, or leave it out.");
  if (windows.kind !== "unlimited") return undefined;
  return invalid(field, "unlimited windows never close", "Send each change: onUpdate.");
}

function checkAggregators({ name, inputs, others = [] }: AggregateNode, field: string): Problem {
  if (inputs.length === 1 + others.length) return undefined;
  return invalid(
    field,
    `"${name}" has ${inputs.length} inputs and ${1 + others.length} aggregators`,
    "Give an aggregator for each input.",
  );
}

function checkWithin(withinMs: number, field: string): Problem {
  if (Number.isSafeInteger(withinMs) && withinMs >= 1 && withinMs <= MAX_WINDOW_MS) return undefined;
  return invalid(field, `a time of ${withinMs} ms cannot be`, `Use 1 to ${MAX_WINDOW_MS} ms.`);
}

function keysProblem(node: PlanNode, before: readonly Keys[], field: string): Problem {
  if (node.kind === "tableJoin") return checkJoinedKeys(node, before, field);
  return isKeyed(node) ? checkKeys(node, before, `${field}.inputs`) : undefined;
}

/** Keys of stores are text. */
function checkKeys({ name, kind }: PlanNode, before: readonly Keys[], field: string): Problem {
  if (before.every(({ kind }) => kind !== "windowed")) return undefined;
  return invalid(
    field,
    `"${name}" keeps state by a window and its key`,
    HINTS[kind] ?? "Keys of stores are text. Give the records a text key with selectKey first.",
  );
}

const DERIVED =
  "Keys of stores are text. Leave the store out, or keep the rows under a text key: .toStream(selector).toTable().";
const HINTS: { readonly [kind in PlanNode["kind"]]?: string } = {
  tableFilter: DERIVED,
  tableMapValues: DERIVED,
  streamTableJoin:
    "A stream is joined with a table of text keys. Give the windows' rows one: .toStream(selector).toTable().",
  foreignKeyJoin:
    "A join by foreign key is one of tables of text keys. Give the windows' rows one: .toStream(selector).toTable().",
};

function checkName(name: string, stores: Set<string>, field: string): Problem {
  if (!PIPELINE_NAME_PATTERN.test(name)) {
    return invalid(field, `"${name}" is not a store name`, "Use 1 to 100 of the characters a-z A-Z 0-9 . _ -");
  }
  if (stores.has(name)) return invalid(field, `two stores are named "${name}"`, "Give each store a name of its own.");
  stores.add(name);
  return undefined;
}
