import type { PlannedChange, RunPlan } from "./workload/plan.ts";
import type { World } from "./world.ts";

const PATIENCE_MS = 8_000;
const AGAIN_MS = 500;

/** Of each partition of what a pipeline reads the first part of the log goes. */
export async function trimTopics(world: World, plan: RunPlan, { pipeline, part = 1 }: PlannedChange): Promise<void> {
  const sources = plan.pipelines.find(({ name }) => name === pipeline)?.sources ?? [];
  for (const topic of sources) {
    let known;
    while (known?.ok !== true) known = await tried(world, world.catalog.topic({ topic }));
    const { topicId, partitions } = known.identity;
    for (let partition = 0; partition < partitions; partition++) await trimOne(world, { topicId, partition }, part);
  }
}

async function trimOne(
  world: World,
  at: { readonly topicId: string; readonly partition: number },
  part: number,
): Promise<void> {
  const stub = world.partition(at.topicId, at.partition);
  let described;
  while (described?.ok !== true) described = await tried(world, stub.describe({}));
  const { logStartOffset, logEndOffset } = described;
  const offset = logStartOffset + Math.floor(part * (logEndOffset - logStartOffset));
  let trimmed;
  while (trimmed?.ok !== true) trimmed = await tried(world, stub.trim({ offset }));
}

/** Its answer, or after a pause none. */
async function tried<T extends { readonly ok: boolean }>(world: World, call: Promise<T>): Promise<T | undefined> {
  const answer = await world.within(PATIENCE_MS, call);
  if (answer?.ok !== true) await world.pause(AGAIN_MS);
  return answer;
}
