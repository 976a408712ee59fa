import { pipelines } from "../pipelines/index.ts";
import { CatalogObject } from "./catalog-object.ts";
import type { Env } from "./env.ts";
import { Plans } from "./plans.ts";

export class Catalog extends CatalogObject {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env, { plans: new Plans(pipelines.map(({ plan }) => plan)) });
  }
}
