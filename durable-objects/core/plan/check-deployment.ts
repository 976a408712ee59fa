import type { Answer } from "../../../schema/error.ts";
import type { Plan } from "../../../schema/plan.ts";
import { cycleProblem } from "./check-cycles.ts";
import { nested } from "./check-sink.ts";
import { checkPlan } from "./check.ts";
import { invalid, type Problem } from "./problem.ts";

/**
 * Whether the plans can run beside each other: each can run, no (name, version) is there twice, and pipelines of different
 * names write different tables, and prefixes that do not lie inside each other, and feed each other in no circle that they do not
 * allow. Versions of one name may share tables: one takes over from the other.
 */
export function checkDeployment(plans: readonly Plan[]): Answer {
  const versions = new Set<string>();
  const owners = new Map<string, string>();
  for (const [index, plan] of plans.entries()) {
    const field = `pipelines[${index}]`;
    const answer = checkPlan(plan);
    if (!answer.ok) return { ...answer, field: `${field}.${answer.field}` };
    const problem = checkVersion(plan, versions, field) ?? checkOwners(plan, owners, field);
    if (problem) return problem;
  }
  return cycleProblem(plans) ?? { ok: true };
}

function checkVersion({ name, version }: Plan, versions: Set<string>, field: string): Problem {
  const id = `${name} ${version}`;
  if (versions.has(id)) {
    return invalid(`${field}.version`, `pipeline "${name}" has version ${version} twice`, "Raise one, or rename it.");
  }
  versions.add(id);
  return undefined;
}

function checkOwners({ name, nodes }: Plan, owners: Map<string, string>, field: string): Problem {
  for (const [index, node] of nodes.entries()) {
    if (node.kind !== "sink" || node.sink.kind === "topic") continue;
    const { sink } = node;
    const target = sink.kind === "d1" ? `table "${sink.table.toLowerCase()}"` : `prefix "${sink.prefix}"`;
    const owner = ownerOf(target, owners) ?? name;
    if (owner !== name) {
      return invalid(
        `${field}.nodes[${index}].sink`,
        `pipelines "${owner}" and "${name}" both write ${target}`,
        "Give each a target of its own.",
      );
    }
    owners.set(target, owner);
  }
  return undefined;
}

/** The pipeline that writes the table, the prefix, or one around or inside it. */
function ownerOf(target: string, owners: ReadonlyMap<string, string>): string | undefined {
  const inner = target.replace(/"$/, "");
  return [...owners].find(([other]) => other === target || nested(other.replace(/"$/, ""), inner))?.[1];
}
