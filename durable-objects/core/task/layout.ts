import { storesOf } from "../plan/stores.ts";
import type { TaskPlan } from "../plan/task-plan.ts";
import { compareKeys } from "../store/key-order.ts";

/** Names, kinds and shapes of a task's stores, sorted by name: `[["totals","window",3600000,3600000]]`. */
export function layoutOf(plan: TaskPlan): string {
  const stores = plan.nodes.flatMap(storesOf).map(({ name, kind, shape = [] }) => [name, kind, ...shape] as const);
  return JSON.stringify(stores.toSorted(([a], [b]) => compareKeys(a, b)));
}
