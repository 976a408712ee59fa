import { testPipelines } from "../../pipelines/test/pipelines.ts";
import { pipelines } from "../../pipelines/index.ts";
import type { Plan } from "../../schema/plan.ts";
import { CatalogObject } from "../catalog-object.ts";
import type { Env } from "../env.ts";
import { PartitionObject } from "../partition-object.ts";
import { Plans } from "../plans.ts";
import { aborts } from "./aborts.ts";

/** What is deployed. A test that changes it deploys: objects that it evicts then run what is here. */
export const bundle: Plan[] = [...pipelines, ...testPipelines].map(({ plan }) => plan);

const plans = new Plans(bundle);

/** The objects of a deployment whose bundle has the tests' pipelines too. */
export class Partition extends PartitionObject {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env, plans);
    aborts.set(ctx.id.name ?? "", (reason) => ctx.abort(reason));
  }

  /** What the platform does to an object at any moment: memory is gone, and what was not yet durable with it. */
  crash(): void {
    this.ctx.abort("crash asked for by a test");
  }
}

export class Catalog extends CatalogObject {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env, plans);
  }
}
