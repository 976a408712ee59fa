import { MAX_PATTERN_STEPS } from "../../../schema/limits.ts";
import type { PatternNode, PatternStep } from "../../../schema/plan.ts";
import { invalid, type Problem } from "./problem.ts";

/** Steps have names of their own and counts that can be, and the last one needs a record. */
export function checkPattern({ steps }: PatternNode, field: string): Problem {
  if (steps.length === 0 || steps.length > MAX_PATTERN_STEPS) {
    return invalid(`${field}.steps`, `the sequence has ${steps.length} steps`, `Give it 1 to ${MAX_PATTERN_STEPS}.`);
  }
  const names = new Set<string>();
  for (const [index, step] of steps.entries()) {
    const problem = checkStep(step, names, `${field}.steps[${index}]`);
    if (problem) return problem;
  }
  if (steps.at(-1)?.min !== 0) return undefined;
  return invalid(
    `${field}.steps[${steps.length - 1}].min`,
    `the last step, "${steps.at(-1)?.name}", may take nothing`,
    "A match is found with the last record that it needs: leave the step out, or let it take at least one.",
  );
}

function checkStep({ name, min, max }: PatternStep, names: Set<string>, field: string): Problem {
  if (name === "") return invalid(`${field}.name`, "a step has no name", "Name each step.");
  if (names.has(name)) return invalid(`${field}.name`, `two steps are named "${name}"`, "Name each step differently.");
  names.add(name);
  const counts = Number.isSafeInteger(min) && min >= 0 && (Number.isSafeInteger(max) || max === Infinity);
  if (counts && max >= Math.max(1, min)) return undefined;
  return invalid(
    `${field}.min`,
    `step "${name}" takes ${min} to ${max} records`,
    "Use [min, max] with 0 <= min <= max and 1 <= max.",
  );
}
