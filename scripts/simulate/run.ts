import { checkCalls } from "./check/calls.ts";
import { checkDelivered } from "./check/delivered.ts";
import { checkErased } from "./check/erased.ts";
import { checkLogs } from "./check/logs.ts";
import { checkRefold } from "./check/refold.ts";
import { checkSwapped } from "./check/swapped.ts";
import { checkPlain, checkResults, type EndResults, endResults } from "./check/results.ts";
import { Client } from "./client.ts";
import { Faults, NO_FAULTS } from "./faults.ts";
import { quietly } from "./quietly.ts";
import { Randomness } from "./random.ts";
import type { Sabotage } from "./sabotage.ts";
import { Schedule } from "./schedule.ts";
import { Trace } from "./trace.ts";
import { cleared, clearedLast, comparable, missesRecords, redrives } from "./workload/changes.ts";
import type { Built } from "./workload/family.ts";
import { build } from "./workload/pipelines.ts";
import type { RunPlan } from "./workload/plan.ts";
import { World } from "./world.ts";

/** 2026-01-01T00:00:00Z. */
const START_MS = 1_767_225_600_000;
/** Several times what any run takes that comes to its end. */
const MAX_STEPS = 20_000;

export interface RunOutcome {
  /** Empty when all checks hold. */
  readonly failures: readonly string[];
  /** Equal for equal runs. */
  readonly hash: string;
  readonly trace: readonly string[];
  /** Faults that happened, by name. */
  readonly happened: readonly string[];
  readonly steps: number;
  readonly results: EndResults;
}

export interface RunOptions {
  /** The steps are wanted. */
  readonly trace?: boolean | undefined;
  readonly sabotage?: Sabotage | undefined;
}

/** Runs a plan and checks it (SIM-2 … SIM-6). */
export async function run(plan: RunPlan, options: RunOptions = {}): Promise<RunOutcome> {
  const outcome = await quietly((errors) => attempt(plan, { ...options, errors }));
  if (outcome.failures.length > 0 || outcome.results.length === 0 || calm(plan)) return outcome;
  const undisturbed = await quietly((errors) => attempt({ ...plan, rates: NO_FAULTS }, { errors }));
  const failures = [
    ...undisturbed.failures.map((failure) => `undisturbed: ${failure}`),
    ...checkResults(outcome.results, undisturbed.results),
  ];
  return { ...outcome, failures };
}

function calm({ rates }: RunPlan): boolean {
  return Object.values(rates).every((rate) => rate === 0);
}

async function attempt(
  plan: RunPlan,
  { trace: keep = false, sabotage, errors }: RunOptions & { errors: readonly string[] },
): Promise<RunOutcome> {
  const built = plan.pipelines.map((each) => build(each, redrives(plan, each.name)));
  const random = new Randomness(plan.seed);
  const trace = new Trace(keep);
  const schedule = new Schedule({ startMs: START_MS, dice: random.of("order of steps"), trace });
  const faults = new Faults(random, plan);
  const bundle = built.map(({ pipeline }) => pipeline.plan);
  const world = new World({ schedule, faults, bundle, sabotage });
  const client = new Client({ world, plan, built, bundle, startMs: START_MS });
  const whole = ({ pipeline }: Built): boolean => !missesRecords(plan, pipeline.plan.name);
  const failures: string[] = [];
  try {
    await client.run(MAX_STEPS);
    failures.push(...checkRefold(world));
    failures.push(...checkDelivered(world, cleared(plan)).map((failure) => `SIM-4: ${failure}`));
    failures.push(...checkLogs(world, client.producers).map((failure) => `SIM-5: ${failure}`));
    failures.push(...built.flatMap((each) => checkCalls(world, each)).map((failure) => `SIM-10: ${failure}`));
    failures.push(...checkSwapped(world).map((failure) => `SIM-12: ${failure}`));
    failures.push(
      ...checkErased(
        world,
        built.filter(({ pipeline }) => clearedLast(plan, pipeline.plan.name)),
      ).map((failure) => `SIM-13: ${failure}`),
    );
    failures.push(
      ...checkPlain(
        world,
        built.flatMap((each) => (whole(each) ? (each.plain(plan.producers) ?? []) : [])),
      ),
    );
  } catch (error) {
    failures.push(`SIM-7: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  }
  failures.push(...errors.filter((line) => !EXPECTED.test(line)).map((line) => `SIM-7: ${line}`));
  const results =
    failures.length > 0
      ? []
      : endResults(
          world,
          built.filter(whole).flatMap((each) => comparable(plan, each)),
        );
  const { happened } = faults;
  const { steps } = schedule;
  world.close();
  return { failures, hash: trace.hash, trace: trace.lines, happened, steps, results };
}

/** What the shell, and a Worker, say of calls that failed, and go on from. */
const EXPECTED =
  /(?:the start of|the fork) .* was interrupted|a partition of .* cannot be woken|^Error: (?:Network connection lost|the object was reset|the object has ended)/;
