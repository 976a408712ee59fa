import type { Plan } from "../../../schema/plan.ts";
import type { PlannedChange, RunPlan } from "./plan.ts";

/** What is in the bundle before any change. */
export type Bundle = readonly Plan[];

/** The bundles that a change deploys, one after another. A reset and a trim deploy nothing. */
export function bundlesOf({ kind, pipeline }: PlannedChange, before: Bundle): readonly Bundle[] {
  const changed = (change: (plan: Plan) => Plan): Bundle =>
    before.map((plan) => (plan.name === pipeline ? change(plan) : plan));
  switch (kind) {
    case "reset":
    case "trim":
      return [];
    case "upgrade":
      return [changed((plan) => ({ ...plan, version: plan.version + 1 }))];
    case "redeploy":
      // Other code to the hash, the same to all else.
      return [changed((plan) => ({ ...plan, code: "other" }) as Plan)];
    case "mistake":
      return [before.filter(({ name }) => name !== pipeline), before];
  }
}

/** The pipeline begins anew in the run: what the former incarnation has sent stays, and comes again. */
export function beginsAnew({ changes = [] }: RunPlan, pipeline: string): boolean {
  return changes.some((change) => change.pipeline === pipeline && ["reset", "upgrade"].includes(change.kind));
}

/** Which of its records a pipeline has read when they are trimmed is left to chance: nothing can be said of what it makes. */
export function missesRecords({ changes = [], pipelines }: RunPlan, pipeline: string): boolean {
  const sourcesOf = (name: string): readonly string[] => pipelines.find((each) => each.name === name)?.sources ?? [];
  const trimmed = changes.filter(({ kind }) => kind === "trim").flatMap((change) => sourcesOf(change.pipeline));
  return sourcesOf(pipeline).some((topic) => trimmed.includes(topic));
}
