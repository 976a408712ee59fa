import { afterEach, expect, test, vi } from "vitest";
import { regressions } from "./regressions.ts";
import { describeFailure } from "./report.ts";
import { run, type RunOutcome } from "./run.ts";
import { shrink } from "./shrink.ts";
import { type Broken, brokenEngines } from "./test/broken.ts";
import { brokenChanges } from "./test/broken-changes.ts";
import { drawPlan } from "./workload/draw.ts";
import type { RunPlan } from "./workload/plan.ts";

const TIMEOUT_MS = 300_000;
const RUNS = 50;
/** Those after the thousand that CI runs, so that a change of the code alone makes this fail; `npm run simulate` draws others. */
const seed = Number(process.env["MILLRACE_SEED"] ?? 1_001);
/** So many seeds find a broken engine. */
const ENOUGH = 40;

afterEach(() => {
  vi.restoreAllMocks();
});

async function expectToHold(plan: RunPlan): Promise<RunOutcome> {
  const outcome = await run(plan);
  if (outcome.failures.length > 0) expect.fail(describeFailure(plan, await run(plan, { trace: true })));
  return outcome;
}

/** Of the seeds from 1 on those whose run has a pipeline of this kind, with such a change, or all. */
function* plansWith({ kind: wanted, change }: Broken): Generator<RunPlan, void, undefined> {
  for (let at = 1, found = 0; found < ENOUGH; at++) {
    const plan = drawPlan(at);
    const subjects = plan.pipelines.filter(({ kind }) => (wanted ?? kind) === kind).map(({ name }) => name);
    if (subjects.length === 0) continue;
    if (change !== undefined && !plan.changes?.some((each) => each.kind === change && subjects.includes(each.pipeline)))
      continue;
    found++;
    yield plan;
  }
}

test("a seed gives one run, step by step [SIM-1]", { timeout: TIMEOUT_MS }, async () => {
  for (const at of [seed, seed + 1, seed + 2]) {
    const first = await run(drawPlan(at), { trace: true });
    const again = await run(drawPlan(at), { trace: true });
    expect(again.trace).toEqual(first.trace);
    expect(again.hash).toBe(first.hash);
    expect(await run(drawPlan(at + 100))).not.toMatchObject({ hash: first.hash });
  }
});

test(
  `${RUNS} seeds from ${seed} on hold [SIM-2, SIM-3, SIM-4, SIM-5, SIM-6, SIM-7, SIM-10, SIM-11, SIM-12, SIM-13, SIM-14]`,
  { timeout: TIMEOUT_MS },
  async () => {
    let faults = 0;
    for (let at = seed; at < seed + RUNS; at++) faults += (await expectToHold(drawPlan(at))).happened.length;
    expect(faults).toBeGreaterThan(RUNS);
  },
);

test.each(regressions())("what once failed holds: $note [SIM-8]", { timeout: TIMEOUT_MS }, async ({ plan }) => {
  await expectToHold(plan);
});

test.each([...brokenEngines, ...brokenChanges])(
  "a broken engine is found: $what [SIM-9]",
  { timeout: TIMEOUT_MS },
  async (broken) => {
    const found: string[] = [];
    const { rule } = broken;
    for (const plan of plansWith(broken)) {
      if (found.includes(rule)) break;
      const { failures } = await run(plan, { sabotage: broken.sabotage() });
      vi.restoreAllMocks();
      found.push(...failures.map((failure) => /SIM-\d+/.exec(failure)?.[0] ?? ""));
    }
    expect(found).toContain(rule);
  },
);

test(
  "a failing run is made smaller and still fails, for the same reason [SIM-8]",
  { timeout: TIMEOUT_MS },
  async () => {
    const options = { sabotage: { leaky: true } };
    let plan = drawPlan(1);
    let outcome = await run(plan, options);
    for (let at = 2; outcome.failures.length === 0; at++) {
      plan = drawPlan(at);
      outcome = await run(plan, options);
    }
    const shrunk = await shrink(plan, outcome, { ...options, maxTries: 80 });
    expect(shrunk.outcome.failures[0]?.slice(0, 6)).toBe(outcome.failures[0]?.slice(0, 6));
    expect(JSON.stringify(shrunk.plan.producers).length).toBeLessThan(JSON.stringify(plan.producers).length);
    expect(shrunk.plan.only?.length).toBeLessThan(outcome.happened.length);
    // What is written down is all that it takes.
    const again = await run(JSON.parse(JSON.stringify(shrunk.plan)) as RunPlan, options);
    expect(again.hash).toBe(shrunk.outcome.hash);
  },
);
