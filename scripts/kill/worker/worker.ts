// The platform with the pipelines that are killed, in the place of the user's.
import { CatalogObject } from "../../../durable-objects/catalog-object.ts";
import type { Env } from "../../../durable-objects/env.ts";
import { PartitionObject } from "../../../durable-objects/partition-object.ts";
import { Plans } from "../../../durable-objects/plans.ts";
import platform from "../../../workers/index.ts";
import { pipelines } from "./pipelines.ts";

const plans = new Plans(pipelines.map(({ plan }) => plan));

export default platform;

export class Partition extends PartitionObject {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env, { plans });
  }
}

export class Catalog extends CatalogObject {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env, { plans });
  }
}
