import type { Env } from "../../durable-objects/env.ts";
import worker from "../index.ts";

export { BareObject } from "../../durable-objects/test/bare-object.ts";
export { Catalog, Partition } from "../../durable-objects/test/objects.ts";

/** The Worker that tests in workerd run: the deployed one, with the tests' pipelines in its bundle, open as under a local runner. */
export default {
  ...worker,
  fetch(request, env, context) {
    return worker.fetch(request, { ...env, MILLRACE_AUTH: "off" }, context);
  },
} satisfies ExportedHandler<Env>;
