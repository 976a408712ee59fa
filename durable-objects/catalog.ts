import { pipelines } from "../pipelines/index.ts";
import { CatalogObject } from "./catalog-object.ts";
import type { Env } from "./env.ts";
import { Plans } from "./plans.ts";

/** What it works out of them serves all objects of an isolate. */
const plans = new Plans(pipelines.map(({ plan }) => plan));

export class Catalog extends CatalogObject {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env, { plans });
  }
}
