import "./platform/register.ts";
import { parentPort } from "node:worker_threads";
import type { SeedResult } from "./pool.ts";

const { run } = await import("./run.ts");
const { drawPlan } = await import("./workload/draw.ts");

async function runSeed(seed: number): Promise<SeedResult> {
  const { failures, steps, happened } = await run(drawPlan(seed));
  return { seed, failures, steps, faults: happened.length };
}

parentPort?.on("message", (seed: number) => {
  void runSeed(seed).then((result) => parentPort?.postMessage(result));
});
