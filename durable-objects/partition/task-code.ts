import { STATE_CACHE_BYTES } from "../../schema/limits.ts";
import type { TaskPlan } from "../core/plan/task-plan.ts";
import { isInternal } from "../../schema/internal-topic.ts";
import { CacheBudget } from "../core/store/cache-budget.ts";
import { layoutOf } from "../core/task/layout.ts";
import { Task } from "../core/task/task.ts";
import type { TaskOutput, TaskPort } from "../core/task/task-port.ts";
import type { SelectPort } from "../core/sql/select-port.ts";
import type { D1Sink } from "../../schema/sinks.ts";
import type { StateStore } from "../core/store/state-store.ts";
import type { Plans } from "../plans.ts";
import type { StoredSink, TaskRow } from "../sqlite/task-table.ts";

/** Of all tasks of all objects in this isolate: they share its memory. */
const ISOLATE_CACHES = new CacheBudget(STATE_CACHE_BYTES);

interface CodeParts {
  readonly row: Pick<
    TaskRow,
    "pipeline" | "version" | "wiring" | "layout" | "outputs" | "sinks" | "upstreams" | "incarnation" | "progress"
  >;
  readonly input: string;
  readonly partition: number;
  readonly plans: Plans;
  readonly store: StateStore;
  readonly select: SelectPort;
}

export type TaskCode =
  | { readonly kind: "runs"; readonly code: TaskPort }
  /** The bundle does not have it. */
  | { readonly kind: "missing"; readonly error: string }
  /** The bundle has other code than the task's state, or its topics, were made by. */
  | { readonly kind: "misfit"; readonly error: string };

/**
 * The code of a task, if it fits what the task has: a deploy may have taken it away or changed its stores, outputs, or how
 * it is cut (ENG-12). Never throws: the partition's log and other tasks must go on whatever one bundle holds.
 */
export function codeOf({ row, input, partition, plans, store, select }: CodeParts): TaskCode {
  const wanted = `${row.pipeline} version ${row.version}`;
  if (plans.get(row.pipeline, row.version) === undefined) {
    return { kind: "missing", error: `the bundle has no ${wanted}: deploy it again` };
  }
  if (plans.graph(row.pipeline, row.version) === undefined) return misfit(`${wanted} is no plan that can run`);
  if (row.wiring !== undefined && row.wiring !== plans.wiring(row.pipeline, row.version))
    return misfit(`the internal topics of ${wanted} are not those it began with`);
  const plan = plans.task(row.pipeline, row.version, input);
  if (plan === undefined) return misfit(`${wanted} does not read topic ${input}`);
  if (row.layout !== "" && row.layout !== layoutOf(plan))
    return misfit(`the stores of ${wanted} are not those its state was written with`);
  const missing = topicsOf(plan).find((topic) => row.outputs[topic] === undefined);
  if (missing !== undefined) return misfit(`${wanted} did not write topic ${missing} when it started`);
  const other = otherSink(plans.sinks(row.pipeline, row.version), row.sinks);
  if (other !== undefined) return misfit(`${wanted} did not write ${other} when it started`);
  try {
    const outputs = outputsOf(row.outputs, partition);
    const code = new Task(plan, {
      store,
      select,
      topic: input,
      partition,
      outputs,
      upstreams: row.upstreams,
      incarnation: row.incarnation,
      cacheBytes: STATE_CACHE_BYTES / 2,
      cacheBudget: ISOLATE_CACHES,
    });
    code.restore(row.progress);
    return { kind: "runs", code };
  } catch (error) {
    return misfit(`${wanted} cannot take up its state: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function misfit(reason: string): TaskCode {
  return {
    kind: "misfit",
    error: `incompatible_change: ${reason}: raise the version, or deploy the former code`,
  };
}

function topicsOf(plan: TaskPlan): string[] {
  const written = plan.nodes.flatMap((node) => {
    if (node.kind === "internalSink") return [node.topic];
    return node.kind === "sink" && node.sink.kind === "topic" ? [node.sink.topic] : [];
  });
  return [...written, plan.deadLetterTopic];
}

/** A table that is new or of another shape, or a new prefix: what delivers to it knows the one that the task began with. */
function otherSink(sinks: readonly StoredSink[], known: readonly StoredSink[]): string | undefined {
  for (const sink of sinks) {
    if (sink.kind === "d1" && !known.some((each) => each.kind === "d1" && shapeOf(each) === shapeOf(sink)))
      return `table ${sink.table} with these columns`;
    if (sink.kind === "r2" && !known.some((each) => each.kind === "r2" && each.prefix === sink.prefix))
      return `files under ${sink.prefix}`;
  }
  return undefined;
}

function shapeOf({ table, columns, primaryKey }: D1Sink): string {
  return JSON.stringify([table, columns, primaryKey]);
}

/** As a task takes them. */
export function outputsOf(outputs: TaskRow["outputs"], partition: number): { readonly [topic: string]: TaskOutput } {
  return Object.fromEntries(
    Object.entries(outputs).map(([topic, { partitions, from, upstreams }]) => [
      topic,
      isInternal(topic) ? { partitions, upstream: (from ?? 0) + partition, upstreams } : { partitions },
    ]),
  );
}
