import { Hono } from "hono";
import type { PipelineRecord, TaskStatus } from "../../schema/rpc.ts";
import type { PipelineDescription } from "../../schema/wire/answer/pipeline.ts";
import { noQuery } from "../../schema/wire/request/parameter.ts";
import { drainQuery, resetBody } from "../../schema/wire/request/pipeline.ts";
import { answered, json } from "../answer.ts";
import type { Edge, EdgeContext } from "../edge.ts";
import { bodyOf, withoutBody, withQuery } from "../input.ts";
import { askTasks, drainTasks, pipelineOf, runningPipelineOf } from "../pipeline-tasks.ts";
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

function describe(pipeline: PipelineRecord, tasks: readonly TaskStatus[]): PipelineDescription {
  const failed = pipeline.state === "running" && tasks.some((task) => task.state === "failed");
  const { nodes, mermaid, text } = pipeline.topology;
  return {
    ...summaryOf(pipeline),
    ...(failed ? { state: "failed" } : {}),
    topology: { nodes: nodes.map((node) => ({ ...node, inputs: [...node.inputs] })), mermaid, text },
    tasks: tasks.map(taskOf),
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
    const status = await askTasks(context.env, pipeline, (partition) => partition.tasks({ pipeline: pipeline.name }));
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
