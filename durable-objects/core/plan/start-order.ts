import type { TaskGraph, TaskPlan } from "./task-plan.ts";

/**
 * In which order the tasks of a new incarnation begin, in groups: a group begins when those before it have been drained to
 * where their logs ended. Inside a group a task comes after those that read what it writes, so nothing is sent to where
 * nobody reads yet.
 */
export function startOrder({ tasks }: TaskGraph): readonly (readonly TaskPlan[])[] {
  return [tasks.toReversed()];
}
