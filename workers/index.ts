import type { Env } from "../durable-objects/env.ts";
import { app } from "./app.ts";
import { ask, catalogOf } from "./stubs.ts";

export { Catalog } from "../durable-objects/catalog.ts";
export { Partition } from "../durable-objects/partition.ts";

export default {
  fetch(request, env, context) {
    return app.fetch(request, env, context);
  },

  /** The watchdog: touches partitions that have tasks and starts pipelines whose topics now exist. */
  async scheduled(_event, env) {
    const answer = await ask(catalogOf(env).reconcile({}));
    // Thrown, so that the platform counts the run as failed; the next one tries again.
    if (!answer.ok) throw new Error(`reconcile: ${answer.message}`);
  },
} satisfies ExportedHandler<Env>;
