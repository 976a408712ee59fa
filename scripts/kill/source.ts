import { join } from "node:path";
import { type BundleSource, root } from "../engine/bundle.ts";

/** The platform with the pipelines of worker/pipelines.ts. */
export const shopWorker: BundleSource = {
  entry: join(root, "scripts/kill/worker/worker.ts"),
  config: join(root, "wrangler.toml"),
};
