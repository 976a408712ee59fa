import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { RunPlan } from "./workload/plan.ts";

/** A run that failed once, as small as it could be made. */
export interface Regression {
  /** What was wrong. */
  readonly note: string;
  readonly plan: RunPlan;
}

const file = join(import.meta.dirname, "regressions.json");

export function regressions(): readonly Regression[] {
  return JSON.parse(readFileSync(file, "utf8")) as Regression[];
}

export function addRegression(regression: Regression): void {
  writeFileSync(file, `${JSON.stringify([...regressions(), regression], null, 2)}\n`);
}
