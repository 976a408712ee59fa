import type { Catalog } from "./catalog.ts";
import type { Partition } from "./partition.ts";

/** Bindings of wrangler.toml (proved by workers/env.workerd.test.ts) and the settings that are not in it. */
export interface Env {
  readonly PARTITION: DurableObjectNamespace<Partition>;
  readonly CATALOG: DurableObjectNamespace<Catalog>;
  readonly DB: D1Database;
  readonly LAKE: R2Bucket;
  readonly ASSETS: Fetcher;
  /** `wrangler secret put MILLRACE_TOKEN`. */
  readonly MILLRACE_TOKEN?: string | undefined;
  /** "off" only where a local runner sets it. */
  readonly MILLRACE_AUTH?: string | undefined;
}

/** The namespace this deployment's one Catalog is named by. */
export const CATALOG_NAME = "default";
