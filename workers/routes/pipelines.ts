import { Hono } from "hono";
import type { ForkRecord, PipelineRecord } from "../../schema/rpc/catalog.ts";
import type { TaskStatus } from "../../schema/rpc/task.ts";
import type { PipelineDescription } from "../../schema/wire/answer/pipeline.ts";
import { noQuery } from "../../schema/wire/request/parameter.ts";
import { drainQuery, forkBody, resetBody, swapBody } from "../../schema/wire/request/pipeline.ts";
import { answered, json } from "../answer.ts";
import type { Edge, EdgeContext } from "../edge.ts";
import { bodyOf, withoutBody, withQuery } from "../input.ts";
import { askTasks, drainTasks, pipelineOf, runningPipelineOf, withForks } from "../pipeline-tasks.ts";
import { problem } from "../refuse.ts";
import { ask, catalogOf } from "../stubs.ts";

function summaryOf({ name, version, incarnation, state, trigger, sources, error }: PipelineRecord) {
  return {
    name,
    version,
    incarnation,
    state,
    trigger,
    sources: [...sources],
    ...(error === undefined ? {} : { error }),
  };
}

/** Each task once: what every task shares with its pipeline is said there. */
function taskOf({ pipeline: _pipeline, heldBackBy, ...status }: TaskStatus): PipelineDescription["tasks"][number] {
  return heldBackBy === undefined ? status : { ...status, heldBackBy: [...heldBackBy] };
}

function forkOf({ version, incarnation, state, error }: ForkRecord, tasks: readonly TaskStatus[]) {
  return { version, incarnation, state, ...(error === undefined ? {} : { error }), tasks: tasks.map(taskOf) };
}

function describe(pipeline: PipelineRecord, tasks: readonly TaskStatus[]): PipelineDescription {
  const { fork } = pipeline;
  const forked = tasks.filter(({ incarnation }) => incarnation === fork?.incarnation);
  const own = tasks.filter((task) => !forked.includes(task));
  const failed = pipeline.state === "running" && own.some((task) => task.state === "failed");
  const { nodes, mermaid, text } = pipeline.topology;
  return {
    ...summaryOf(pipeline),
    ...(failed ? { state: "failed" } : {}),
    topology: { nodes: nodes.map((node) => ({ ...node, inputs: [...node.inputs] })), mermaid, text },
    tasks: own.map(taskOf),
    ...(fork === undefined ? {} : { fork: forkOf(fork, forked) }),
  };
}

export const pipelines: Hono<Edge> = new Hono<Edge>();

pipelines.get(
  "/v1/pipelines",
  withQuery(noQuery, async (context) => {
    const answer = await ask(catalogOf(context.env).pipelines({}));
    return answered(answer, (value) => json({ pipelines: value.pipelines.map(summaryOf) }));
  }),
);

pipelines.get(
  "/v1/pipelines/:pipeline",
  withQuery(noQuery, async (context) => {
    const found = await pipelineOf(context);
    if (!found.ok) return problem(found);
    const { pipeline } = found;
    const all = { ...pipeline, inputs: withForks(pipeline) };
    const status = await askTasks(context.env, all, (partition) => partition.tasks({ pipeline: pipeline.name }));
    return answered(status, ({ answers }) =>
      json(
        describe(
          pipeline,
          answers.flatMap(({ tasks }) => tasks),
        ),
      ),
    );
  }),
);

async function setState(context: EdgeContext, state: "running" | "paused"): Promise<Response> {
  const name = context.req.param("pipeline") ?? "";
  const answer = await ask(catalogOf(context.env).setPipelineState({ name, state }));
  return answered(answer, () => json({ name, state }));
}

pipelines.post(
  "/v1/pipelines/:pipeline/pause",
  withoutBody(noQuery, (context) => setState(context, "paused")),
);
pipelines.post(
  "/v1/pipelines/:pipeline/resume",
  withoutBody(noQuery, (context) => setState(context, "running")),
);

pipelines.post(
  "/v1/pipelines/:pipeline/run",
  withoutBody(noQuery, async (context) => {
    const found = await runningPipelineOf(context);
    if (!found.ok) return problem(found);
    const { name } = found.pipeline;
    const done = await askTasks(context.env, found.pipeline, (partition) => partition.run({ pipeline: name }));
    return answered(done, ({ answers }) => json({ name, tasks: answers.length }));
  }),
);

/** Answers when what was in the inputs is processed and delivered; it closes no window (PIP-4). */
pipelines.post(
  "/v1/pipelines/:pipeline/drain",
  withoutBody(drainQuery, async (context, query) => {
    const found = await runningPipelineOf(context);
    if (!found.ok) return problem(found);
    const { name } = found.pipeline;
    const done = await drainTasks(context.env, found.pipeline, query.timeoutMs);
    return answered(done, ({ tasks }) => json({ name, tasks }));
  }),
);

/** From nothing, under a new incarnation (PIP-20, CAT-21). */
pipelines.post(
  "/v1/pipelines/:pipeline/reset",
  withQuery(noQuery, async (context) => {
    const body = await bodyOf(context, resetBody);
    if (!body.ok) return problem(body);
    const { from, outputs } = body.value;
    const name = context.req.param("pipeline") ?? "";
    const answer = await ask(catalogOf(context.env).resetPipeline({ name, from, outputs }));
    return answered(answer, ({ incarnation, starts }) =>
      json({ name, incarnation, starts: [...starts], complete: starts.every(({ offset }) => offset === 0) }),
    );
  }),
);

/** Another version beside the one that runs, muted until it is swapped (FRK-1). */
pipelines.post(
  "/v1/pipelines/:pipeline/fork",
  withQuery(noQuery, async (context) => {
    const body = await bodyOf(context, forkBody);
    if (!body.ok) return problem(body);
    const name = context.req.param("pipeline") ?? "";
    const answer = await ask(catalogOf(context.env).forkPipeline({ name, ...body.value }));
    return answered(answer, ({ version, incarnation, starts }) =>
      json({ name, version, incarnation, starts: [...starts], complete: starts.every(({ offset }) => offset === 0) }),
    );
  }),
);

pipelines.delete(
  "/v1/pipelines/:pipeline/fork",
  withoutBody(noQuery, async (context) => {
    const answer = await ask(catalogOf(context.env).abandonFork({ name: context.req.param("pipeline") ?? "" }));
    return answered(answer, () => new Response(null, { status: 204 }));
  }),
);

/** The fork in the place of the version that runs (FRK-3). */
pipelines.post(
  "/v1/pipelines/:pipeline/swap",
  withQuery(noQuery, async (context) => {
    const body = await bodyOf(context, swapBody);
    if (!body.ok) return problem(body);
    const name = context.req.param("pipeline") ?? "";
    const answer = await ask(catalogOf(context.env).swapPipeline({ name, ...body.value }));
    return answered(answer, ({ version, incarnation, swappedAt }) =>
      json({ name, version, incarnation, swappedAt: [...swappedAt] }),
    );
  }),
);
