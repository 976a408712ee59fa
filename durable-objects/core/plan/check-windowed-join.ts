import type { Plan, PlanNode, TableJoinNode } from "../../../schema/plan.ts";
import type { Windows } from "../../../schema/windows.ts";
import { cutPlan } from "./cut.ts";
import type { Keys } from "./keys.ts";
import { invalid, type Problem } from "./problem.ts";
import { windowSources } from "./windowed-joins.ts";
import { liesByKey, shapeOf } from "./windows.ts";

const TEXT_KEYS = "Give both tables text keys: .toStream((value, { key, start }) => …).toTable().";

/** Keys of a join of tables: texts on both sides, or keys of the same windows. */
export function checkJoinedKeys({ name, windows }: TableJoinNode, before: readonly Keys[], field: string): Problem {
  const sides = before.map((keys) => (keys.kind === "windowed" ? keys.windows : undefined));
  if (windows === undefined && sides.every((side) => side === undefined)) return undefined;
  const all = [windows, ...sides];
  const [session] = all.filter((side) => side !== undefined && liesByKey(side));
  if (session !== undefined) {
    return invalid(
      `${field}.inputs`,
      `"${name}" joins tables of ${session.kind} windows, which lie at other times in each table`,
      `Use windows that follow from time alone, such as tumbling or hopping, or keys of text. ${TEXT_KEYS}`,
    );
  }
  const [first, ...others] = all.map((side) => (side === undefined ? "none" : shapeOf(side).join(" ")));
  if (others.every((other) => other === first)) return undefined;
  return invalid(
    `${field}.inputs`,
    `"${name}" joins tables of different windows: ${sides.map(windowsText).join(" and ")}`,
    `Group both by the same windows; only grace and retention may differ. ${TEXT_KEYS}`,
  );
}

/** The windows that a join reads are kept by aggregates of its own task. */
export function checkWindowedJoins(plan: Plan): Problem {
  const joins = plan.nodes.filter((node) => node.kind === "tableJoin" && node.windows !== undefined);
  if (joins.length === 0) return undefined;
  for (const [index, node] of plan.nodes.entries()) {
    if (!joins.includes(node)) continue;
    const field = `nodes[${index}].inputs`;
    const problem = checkKept(plan.nodes, node, field);
    if (problem) return problem;
    const task = cutPlan(plan).tasks.find(({ nodes }) => nodes.some((each) => each === node || sameJoin(each, node)));
    if (task !== undefined && windowSources(task.nodes, node.name) !== undefined) continue;
    return invalid(
      field,
      `"${node.name}" joins windowed tables that cannot be in one task, since one is made of the other's changes`,
      TEXT_KEYS,
    );
  }
  return undefined;
}

function sameJoin(each: { readonly kind: string; readonly name: string }, { name }: PlanNode): boolean {
  return each.kind === "tableJoin" && each.name === name;
}

function checkKept(nodes: readonly PlanNode[], { name, inputs }: PlanNode, field: string): Problem {
  const unread = inputs.findIndex((input) => windowSources(nodes, input) === undefined);
  if (unread < 0) return undefined;
  return invalid(
    `${field}[${unread}]`,
    `"${name}" reads "${inputs[unread]}", which keeps no windows`,
    `Join aggregates, or what filter and mapValues make of them, and suppress what comes of the join. ${TEXT_KEYS}`,
  );
}

function windowsText(windows: Windows | undefined): string {
  return windows === undefined ? "none" : `${windows.kind} ${shapeOf(windows).join(" ")}`;
}
