import { performance } from "node:perf_hooks";
import { runSeeds, type SeedResult } from "./pool.ts";
import { addRegression } from "./regressions.ts";
import { describeFailure } from "./report.ts";
import { run } from "./run.ts";
import { shrink } from "./shrink.ts";
import { drawPlan } from "./workload/draw.ts";

export interface Options {
  readonly seed: number;
  readonly runs: number;
  /** Adds what fails to regressions.json. */
  readonly keep: boolean;
}

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const SAY_EVERY = 100;

/** Answers whether all runs held. */
export async function simulate({ seed, runs, keep }: Options): Promise<boolean> {
  const begunMs = performance.now();
  say(`seeds ${seed} to ${seed + runs - 1}`);
  const totals = { runs: 0, steps: 0, faults: 0 };
  const failed: SeedResult[] = [];
  const seeds = Iterator.from(Array.from({ length: runs }, (_, index) => seed + index));
  await runSeeds(seeds, (result) => {
    totals.runs++;
    totals.steps += result.steps;
    totals.faults += result.faults;
    if (result.failures.length > 0) failed.push(result);
    if (result.failures.length > 0) say(`seed ${result.seed} FAILED: ${result.failures[0]}`);
    if (totals.runs % SAY_EVERY === 0) say(`${totals.runs} runs`);
    return failed.length === 0;
  });
  const seconds = ((performance.now() - begunMs) / 1000).toFixed(0);
  say(`${totals.runs} runs, ${totals.steps} steps, ${totals.faults} faults, ${seconds} s: ${failed.length} failed`);
  for (const result of failed) await explain(result.seed, keep);
  return failed.length === 0;
}

/** Shrinks the run of a seed and prints what is left of it. */
async function explain(seed: number, keep: boolean): Promise<void> {
  const plan = drawPlan(seed);
  const outcome = await run(plan);
  say(`\nseed ${seed}: shrinking…`);
  const shrunk = await shrink(plan, outcome);
  const shown = await run(shrunk.plan, { trace: true });
  say(describeFailure(shrunk.plan, shown));
  say(`\nseed ${seed}, ${shrunk.tried} smaller runs tried. Again: npm run simulate -- --seed ${seed} --runs 1`);
  if (keep) addRegression({ note: shown.failures[0]?.split("\n")[0] ?? "", plan: shrunk.plan });
}
