import { afterEach, describe, expect, test, vi } from "vitest";
import { UndoLog } from "../../durable-objects/core/store/undo-log.ts";
import { seed } from "../test/seeded-random.ts";
import { regressions } from "./regressions.ts";
import { describeFailure } from "./report.ts";
import { run, type RunOutcome } from "./run.ts";
import type { Sabotage } from "./sabotage.ts";
import { drawPlan } from "./workload/draw.ts";
import type { RunPlan } from "./workload/plan.ts";

const TIMEOUT_MS = 300_000;
const FRESH = 50;
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

/** The first of the seeds from 1 on that fails. */
async function firstFailure(sabotage?: Sabotage): Promise<{ plan: RunPlan; outcome: RunOutcome }> {
  for (let at = 1; at <= ENOUGH; at++) {
    const plan = drawPlan(at);
    const outcome = await run(plan, { sabotage });
    if (outcome.failures.length > 0) return { plan, outcome };
  }
  return expect.fail(`${ENOUGH} seeds do not find it`);
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
  `${FRESH} seeds from ${seed} on hold [SIM-2, SIM-3, SIM-4, SIM-5, SIM-6, SIM-7]`,
  { timeout: TIMEOUT_MS },
  async () => {
    let faults = 0;
    for (let at = seed; at < seed + FRESH; at++) faults += (await expectToHold(drawPlan(at))).happened.length;
    expect(faults).toBeGreaterThan(FRESH);
  },
);

test.each(regressions())("what once failed holds: $note [SIM-8]", { timeout: TIMEOUT_MS }, async ({ plan }) => {
  await expectToHold(plan);
});

describe("a broken engine is found", { timeout: TIMEOUT_MS }, () => {
  const skipping = (part: string): Sabotage => ({ skips: (query) => query.includes(part) });
  test.each([
    ["a partition forgets what it took from a task", skipping("INTO upstream"), "SIM-4"],
    ["a partition forgets what it took from a producer", skipping("INTO producer"), "SIM-5"],
    ["a slice is committed without its position", skipping("UPDATE task SET position"), "SIM-3"],
    ["a slice is committed without what it sends", skipping("INSERT INTO outbox"), "SIM-7"],
    ["the boundary of a micro-batch is not journaled", skipping("INTO journal"), "SIM-3"],
    ["D1 takes a batch whatever came before it", skipping("UPDATE millrace_progress"), "SIM-4"],
    ["a delivery leaves before its cause is durable", { leaky: true }, "SIM-4"],
  ] as const)("%s [SIM-9]", async (_, sabotage, rule) => {
    const { outcome } = await firstFailure(sabotage);
    expect(outcome.failures.join("\n")).toContain(`${rule}: `);
  });

  test("what a record did that fails is not undone [SIM-9]", async () => {
    vi.spyOn(UndoLog.prototype, "rollback").mockImplementation(() => undefined);
    const { outcome } = await firstFailure();
    expect(outcome.failures.join("\n")).toContain("SIM-6: ");
  });
});
