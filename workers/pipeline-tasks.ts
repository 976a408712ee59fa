import type { Env } from "../durable-objects/env.ts";
import { refuse, type Answer } from "../schema/error.ts";
import type { PipelineInput, PipelineRecord } from "../schema/rpc/catalog.ts";
import type { PartitionRpc } from "../schema/rpc/partition.ts";
import { isInternal } from "../schema/internal-topic.ts";
import type { EdgeContext } from "./edge.ts";
import { ask, askAll, catalogOf, partitionOf } from "./stubs.ts";

export async function pipelineOf(context: EdgeContext): Promise<Answer<{ readonly pipeline: PipelineRecord }>> {
  return ask(catalogOf(context.env).pipeline({ name: context.req.param("pipeline") ?? "" }));
}

/** What its tasks and those of its fork read, each once. */
export function withForks({ inputs, fork }: PipelineRecord): readonly PipelineInput[] {
  const others = fork?.inputs ?? [];
  return [...inputs, ...others.filter(({ topicId }) => inputs.every((input) => input.topicId !== topicId))];
}

/** Asks every partition that has a task of the pipeline, all at once. */
export async function askTasks<T extends object>(
  env: Env,
  { inputs }: PipelineRecord,
  call: (partition: PartitionRpc) => Promise<Answer<T>>,
): Promise<Answer<{ readonly answers: readonly T[] }>> {
  const answers: T[] = [];
  for (const answer of await Promise.all(inputs.map((input) => askInput(env, input, call)))) {
    if (answer.ok) answers.push(...answer.answers);
    // Deleted since the pipeline was asked for: it has no task any more.
    else if (answer.code !== "unknown_topic") return answer;
  }
  return { ok: true, answers };
}

function askInput<T extends object>(
  env: Env,
  input: PipelineInput,
  call: (partition: PartitionRpc) => Promise<Answer<T>>,
): Promise<Answer<{ readonly answers: readonly T[] }>> {
  return askAll(Array.from({ length: input.partitions }, (_, index) => call(partitionOf(env, input, index))));
}

/**
 * Drains one input after another, in the order of the pipeline: what a task sends to an internal topic is in its log before
 * the tasks there are asked (PIP-6).
 */
export async function drainTasks(
  env: Env,
  { name, inputs }: PipelineRecord,
  timeoutMs: number,
): Promise<Answer<{ readonly tasks: number }>> {
  const deadlineMs = Date.now() + timeoutMs;
  const sources = inputs.filter(({ input }) => !isInternal(input));
  let tasks = 0;
  for (const together of [sources, ...inputs.filter(({ input }) => isInternal(input)).map((input) => [input])]) {
    const leftMs = Math.max(1, deadlineMs - Date.now());
    const done = await Promise.all(
      together.map((input) =>
        askInput(env, input, (partition) => partition.drain({ pipeline: name, timeoutMs: leftMs })),
      ),
    );
    for (const answer of done) {
      if (answer.ok) tasks += answer.answers.length;
      else if (answer.code !== "unknown_topic") return answer;
    }
  }
  return { ok: true, tasks };
}

/** The pipeline of the request if it runs, or why it does not. */
export async function runningPipelineOf(context: EdgeContext): Promise<Answer<{ readonly pipeline: PipelineRecord }>> {
  const found = await pipelineOf(context);
  if (!found.ok || found.pipeline.state === "running") return found;
  const { name, state, error } = found.pipeline;
  const hint =
    state === "bootstrapping"
      ? `GET /v1/pipelines/${name} says what it waits for`
      : `POST /v1/pipelines/${name}/resume first`;
  return refuse("pipeline_paused", `pipeline ${name} is ${state}${error === undefined ? "" : `: ${error}`}`, { hint });
}
