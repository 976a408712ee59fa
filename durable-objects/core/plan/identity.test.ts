import { expect, test } from "vitest";
import type { Plan, PlanNode } from "../../../schema/plan.ts";
import { planOf } from "../../test/task-harness.ts";
import { cutPlan } from "./cut.ts";
import { planHash, wiringOf } from "./identity.ts";

const count = (input: string): PlanNode => ({
  kind: "aggregate",
  name: "count",
  inputs: [input],
  store: { name: "counts" },
  aggregator: (sum) => Number(sum) + 1,
});

function planWith(selector: () => string, more: readonly PlanNode[] = []): Plan {
  return planOf([
    { kind: "source", name: "source", inputs: [], topic: "in", format: "json" },
    { kind: "selectKey", name: "key", inputs: ["source"], selector },
    ...more,
    count(more.at(-1)?.name ?? "key"),
  ]);
}

test("code is another one when a function's text is, or a node, and the same when it is built again [ENG-24]", () => {
  const plan = planWith(() => "a");
  expect(planHash(planWith(() => "a"))).toBe(planHash(plan));
  expect(planHash(planWith(() => "b"))).not.toBe(planHash(plan));
  expect(planHash({ ...plan, version: 2 })).not.toBe(planHash(plan));
  expect(planHash(plan)).toMatch(/^[0-9a-f]{16}$/);
});

test("a plan that is cut at another node, or into other partitions, is wired otherwise; other functions change nothing [ENG-12]", () => {
  const wiring = (selector: () => string, more: readonly PlanNode[] = []): string =>
    wiringOf(cutPlan(planWith(selector, more)));
  const repartition = (partitions?: number): PlanNode => ({
    kind: "repartition",
    name: "placed",
    inputs: ["key"],
    partitions,
  });
  expect(wiring(() => "a")).toBe(wiring(() => "b"));
  const all = [wiring(() => "a"), wiring(() => "a", [repartition()]), wiring(() => "a", [repartition(7)])];
  expect(new Set(all).size).toBe(3);
});
