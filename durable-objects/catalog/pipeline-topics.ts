import type { Plan } from "../../schema/plan.ts";
import type { TaskGraph } from "../core/plan/task-plan.ts";
import { isInternal } from "../../schema/internal-topic.ts";
import type { PipelineRow } from "./pipeline-table.ts";

/** Users' topics that a plan reads. */
export function sourcesOf(plan: Plan): string[] {
  return [...new Set(plan.nodes.flatMap((node) => (node.kind === "source" ? [node.topic] : [])))];
}

/** Users' topics it writes; the dead-letter topic is made for it. */
export function outputsOf(plan: Plan): string[] {
  return plan.nodes.flatMap((node) => (node.kind === "sink" && node.sink.kind === "topic" ? [node.sink.topic] : []));
}

/** Whether the plan writes the target of an outbox row, other than with dead letters or new R2 objects. */
export function writes(plan: Plan, target: string): boolean {
  return plan.nodes.some((node) => {
    if (node.kind !== "sink" || node.sink.kind === "r2") return false;
    return node.sink.kind === "d1"
      ? target === `d1:${node.sink.table}`
      : target.startsWith(`topic:${node.sink.topic}/`);
  });
}

/** What the tasks read: users' topics first, an internal one after those that it is written from. */
export function inputsOf({ tasks }: TaskGraph): string[] {
  const inputs = tasks.map(({ input }) => input);
  return [...inputs.filter((input) => !isInternal(input)), ...inputs.filter(isInternal)];
}

/** Each incarnation has internal topics of its own. */
export function topicName({ name, incarnation }: Pick<PipelineRow, "name" | "incarnation">, input: string): string {
  return isInternal(input) ? `__${pipelineOf(name)}.${incarnation}.${input.slice(2)}` : input;
}

/** No pipeline's name has this character. */
const FORK = "@fork";

/** The name of the row of a pipeline's fork. */
export function forkOf(pipeline: string): string {
  return `${pipeline}${FORK}`;
}

export function isFork(row: string): boolean {
  return row.endsWith(FORK);
}

export function pipelineOf(row: string): string {
  return isFork(row) ? row.slice(0, -FORK.length) : row;
}

export function listOf(json: string | null): string[] {
  return JSON.parse(json ?? "[]") as string[];
}

/** Topics that the tasks of a row's incarnation read, by name. */
export function topicsReadBy(row: PipelineRow): { readonly input: string; readonly topic: string }[] {
  const inputs = row.inputs === null ? row.sources : row.inputs;
  return listOf(inputs).map((input) => ({ input, topic: topicName(row, input) }));
}
