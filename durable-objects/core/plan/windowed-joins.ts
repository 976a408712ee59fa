import type { AggregateNode, PlanNode, TableJoinNode } from "../../../schema/plan.ts";
import type { TaskNode } from "./task-plan.ts";

type Node = PlanNode | TaskNode;

/**
 * The aggregates in whose window stores the rows of a table lie, by name. `undefined`: its windows cannot be read, since
 * they are held back or kept nowhere.
 */
export function windowSources(nodes: readonly Node[], table: string): readonly string[] | undefined {
  const node = nodes.find(({ name }) => name === table);
  if (node?.kind === "aggregate") return node.windows === undefined ? undefined : [table];
  if (node?.kind === "tableFilter" || node?.kind === "tableMapValues")
    return windowSources(nodes, node.inputs[0] ?? "");
  if (node?.kind !== "tableJoin" || node.windows === undefined) return undefined;
  const sides = node.inputs.map((input) => windowSources(nodes, input));
  return sides.includes(undefined) ? undefined : sides.flatMap((names) => names ?? []);
}

/** Aggregates that joins read together: all of them must be in one task. */
export interface JoinedAggregates {
  /** The first of the joins. */
  readonly join: TableJoinNode;
  readonly aggregates: readonly AggregateNode[];
}

export function joinedAggregates(nodes: readonly PlanNode[]): readonly JoinedAggregates[] {
  const groups: { readonly join: TableJoinNode; readonly names: Set<string> }[] = [];
  for (const join of nodes) {
    if (join.kind !== "tableJoin" || join.windows === undefined) continue;
    const names = windowSources(nodes, join.name) ?? [];
    const meets = groups.filter((group) => names.some((name) => group.names.has(name)));
    const [first] = meets;
    for (const group of meets) groups.splice(groups.indexOf(group), 1);
    groups.push({
      join: first?.join ?? join,
      names: new Set([...meets.flatMap((group) => [...group.names]), ...names]),
    });
  }
  return groups.map(({ join, names }) => ({
    join,
    aggregates: nodes.filter((node): node is AggregateNode => node.kind === "aggregate" && names.has(node.name)),
  }));
}

/** The nodes and all that their records come from, in plan order. */
export function withAncestors(nodes: readonly PlanNode[], of: readonly PlanNode[]): readonly PlanNode[] {
  const wanted = new Set(of.map(({ name }) => name));
  const found = nodes.toReversed().filter((node) => {
    if (!wanted.has(node.name)) return false;
    for (const input of node.inputs) wanted.add(input);
    return true;
  });
  return found.toReversed();
}
