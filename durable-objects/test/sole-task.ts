import type { Plan } from "../../schema/plan.ts";
import { assert } from "../core/assert.ts";
import { cutPlan } from "../core/plan/cut.ts";
import type { TaskPlan } from "../core/plan/task-plan.ts";

/** The task that reads the topic `in`; of a plan that would be cut all of it, so that operators can be tried side by side. */
export function soleTask(plan: Plan): TaskPlan {
  const { tasks, internalTopics } = cutPlan(plan);
  if (internalTopics.length > 0) return { ...plan, input: "in" } as TaskPlan;
  const task = tasks.find(({ input }) => input === "in") ?? tasks[0];
  assert(task !== undefined, "the plan has a task");
  return task;
}
