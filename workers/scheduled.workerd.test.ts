import { createScheduledController } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import type { Env } from "../durable-objects/env.ts";
import type { CatalogRpc } from "../schema/rpc/catalog.ts";
import worker from "./index.ts";

const bindings = env as unknown as Env;

function run(environment: Env): Promise<void> {
  return Promise.resolve(worker.scheduled(createScheduledController(), environment));
}

test("the cron reconciles; a run that was refused fails, so that the platform shows it [HTTP-13]", async () => {
  await run(bindings);
  const busy: Pick<CatalogRpc, "reconcile"> = {
    reconcile: () => Promise.reject(Object.assign(new Error(), { overloaded: true })),
  };
  const CATALOG = { getByName: () => busy } as unknown as Env["CATALOG"];
  await expect(run({ ...bindings, CATALOG })).rejects.toThrow("reconcile");
});
