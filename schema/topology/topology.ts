import type { Plan } from "../plan.ts";
import type { TopologyNode } from "../rpc/catalog.ts";
import { mermaidOf } from "./mermaid.ts";
import { detailOf } from "./node-detail.ts";
import { triggerText } from "./trigger-text.ts";

/** A plan for reading. */
export interface Topology {
  readonly nodes: readonly TopologyNode[];
  /** Lines in the manner of Kafka Streams' `Topology.describe()`. */
  readonly text: string;
  /** A Mermaid flowchart. */
  readonly mermaid: string;
}

/** `tasks`: by node, what the task that runs it reads, where that is known. No function of the plan is called. */
export function topologyOf(plan: Plan, tasks: ReadonlyMap<string, string> = new Map()): Topology {
  const nodes = plan.nodes.map((node): TopologyNode => ({
    name: node.name,
    kind: node.kind,
    inputs: node.inputs,
    detail: detailOf(node),
    task: tasks.get(node.name),
  }));
  const head = `Pipeline: ${plan.name} (version ${plan.version}, ${triggerText(plan.trigger)})`;
  return { nodes, text: [head, ...linesOf(nodes)].join("\n"), mermaid: mermaidOf(nodes) };
}

/** Under their tasks, where there are several. */
function linesOf(nodes: readonly TopologyNode[]): string[] {
  const tasks = [...new Set(nodes.flatMap(({ task }) => task ?? []))];
  if (tasks.length <= 1) return nodes.map(lineOf);
  const between = nodes.filter(({ task }) => task === undefined);
  const inTasks = tasks.flatMap((task) => [
    `  Task of ${task}`,
    ...nodes.filter((node) => node.task === task).map((node) => `  ${lineOf(node)}`),
  ]);
  return [...inTasks, ...between.map(lineOf)];
}

function lineOf({ name, inputs, detail }: TopologyNode): string {
  const from = inputs.length === 0 ? "" : ` <- ${inputs.join(", ")}`;
  return `  ${name}${detail === undefined ? "" : ` (${detail})`}${from}`;
}
