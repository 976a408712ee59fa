import type { Env } from "../durable-objects/env.ts";
import { refuse, type Answer } from "../schema/error.ts";
import type { PartitionRpc, PipelineRecord } from "../schema/rpc.ts";
import type { EdgeContext } from "./edge.ts";
import { ask, askAll, catalogOf, partitionOf } from "./stubs.ts";
import { withTopic } from "./topic-cache.ts";

export async function pipelineOf(context: EdgeContext): Promise<Answer<{ readonly pipeline: PipelineRecord }>> {
  return ask(catalogOf(context.env).pipeline({ name: context.req.param("pipeline") ?? "" }));
}

/**
 * Asks every partition that has a task of the pipeline, all at once. A source topic that does not exist has no task yet.
 */
export async function askTasks<T extends object>(
  env: Env,
  { sources }: PipelineRecord,
  call: (partition: PartitionRpc) => Promise<Answer<T>>,
): Promise<Answer<{ readonly answers: readonly T[] }>> {
  const bySource = sources.map((source) =>
    withTopic(env, source, (identity) => {
      const partitions = Array.from({ length: identity.partitions }, (_, index) => partitionOf(env, identity, index));
      return askAll(partitions.map(call));
    }),
  );
  const answers: T[] = [];
  for (const answer of await Promise.all(bySource)) {
    if (answer.ok) answers.push(...answer.answers);
    else if (answer.code !== "unknown_topic") return answer;
  }
  return { ok: true, answers };
}

/** What only a running pipeline can do: the tasks that did it, or why not. */
export async function askRunning(
  env: Env,
  pipeline: PipelineRecord,
  call: (partition: PartitionRpc) => Promise<Answer>,
): Promise<Answer<{ readonly tasks: number }>> {
  if (pipeline.state !== "running") {
    const { name, state, error } = pipeline;
    const hint =
      state === "bootstrapping"
        ? `GET /v1/pipelines/${name} says what it waits for`
        : `POST /v1/pipelines/${name}/resume first`;
    return refuse("pipeline_paused", `pipeline ${name} is ${state}${error === undefined ? "" : `: ${error}`}`, {
      hint,
    });
  }
  const done = await askTasks(env, pipeline, call);
  return done.ok ? { ok: true, tasks: done.answers.length } : done;
}
