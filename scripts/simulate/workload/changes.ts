import type { Plan } from "../../../schema/plan.ts";
import type { PlannedChange, RunPlan } from "./plan.ts";

/** What is in the bundle before any change. */
export type Bundle = readonly Plan[];

/** The bundles that a change deploys, one after another. A reset deploys nothing. */
export function bundlesOf({ kind, pipeline }: PlannedChange, before: Bundle): readonly Bundle[] {
  const changed = (change: (plan: Plan) => Plan): Bundle =>
    before.map((plan) => (plan.name === pipeline ? change(plan) : plan));
  switch (kind) {
    case "reset":
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
