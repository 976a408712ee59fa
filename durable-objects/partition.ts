import { pipelines } from "../pipelines/index.ts";
import type { Env } from "./env.ts";
import { PartitionObject } from "./partition-object.ts";
import { Plans } from "./plans.ts";

export class Partition extends PartitionObject {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env, { plans: new Plans(pipelines.map(({ plan }) => plan)) });
  }
}
