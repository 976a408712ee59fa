import { type Answer, refuse } from "../schema/error.ts";
import type { PipelineInput, PipelineRecord, PipelineStore } from "../schema/rpc/catalog.ts";
import type { EdgeContext } from "./edge.ts";
import { pipelineOf } from "./pipeline-tasks.ts";

export interface FoundStore {
  readonly pipeline: PipelineRecord;
  readonly store: PipelineStore;
  /** What the tasks that keep it read. */
  readonly input: PipelineInput;
}

/** The store of the request's path. */
export async function storeOf(context: EdgeContext): Promise<Answer<FoundStore>> {
  const found = await pipelineOf(context);
  return found.ok ? storeIn(found.pipeline, context.req.param("store") ?? "") : found;
}

export function storeIn(pipeline: PipelineRecord, name: string): Answer<FoundStore> {
  const store = pipeline.stores.find((each) => each.name === name);
  if (store === undefined) {
    const hint = `It has ${pipeline.stores.map((each) => each.name).join(", ") || "none"}`;
    return refuse("not_found", `pipeline ${pipeline.name} has no store "${name}"`, { hint });
  }
  const input = pipeline.inputs.find((each) => each.input === store.input);
  if (input !== undefined) return { ok: true, pipeline, store, input };
  const hint = `GET /v1/pipelines/${pipeline.name} says what it waits for`;
  return refuse("not_found", `pipeline ${pipeline.name} has not started`, { hint });
}
