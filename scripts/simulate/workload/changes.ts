import type { Plan, PlanNode } from "../../../schema/plan.ts";
import type { Built, Result } from "./family.ts";
import type { ChangeKind, PlannedChange, RunPlan } from "./plan.ts";

/** What is in the bundle before any change. */
export type Bundle = readonly Plan[];

/** A pipeline in the bundle, changed. */
export function replaced(bundle: Bundle, pipeline: string, change: (plan: Plan) => readonly Plan[]): Bundle {
  return bundle.flatMap((plan) => (plan.name === pipeline ? change(plan) : [plan]));
}

export function raised(plan: Plan): Plan {
  return { ...plan, version: plan.version + 1 };
}

/** It has taken over, and begins by itself from now on. */
export function unforked(plan: Plan): Plan {
  const { takesOver: _, ...own } = plan;
  return own;
}

/** Other code to the hash, the same to all else. */
export function recoded(plan: Plan): Plan {
  return { ...plan, code: "other" } as Plan;
}

/** Under the version's number, but its stores have other names. The same plan where it has none by name. */
export function misfitOf(plan: Plan): Plan {
  const nodes = plan.nodes.map((node): PlanNode => {
    return hasStore(node)
      ? ({ ...node, store: { ...node.store, name: `${node.store.name}-other` } } as PlanNode)
      : node;
  });
  return { ...plan, nodes };
}

export function hasStores({ nodes }: Plan): boolean {
  return nodes.some(hasStore);
}

function hasStore(node: PlanNode): node is PlanNode & { readonly store: { readonly name: string } } {
  return "store" in node && typeof node.store === "object";
}

const ANEW: ReadonlySet<ChangeKind> = new Set(["reset", "clear", "upgrade", "outgrown", "drop"]);
const REDRIVES: ReadonlySet<ChangeKind> = new Set(["redrive", "redriveSome"]);
/** It goes on where it was, and what its functions outside were given is given once all the same. */
export const GOES_ON: readonly ChangeKind[] = ["redeploy", "mistake", "misfit", "pause", "redrive", "redriveSome"];

export function changesOf({ changes = [] }: RunPlan, pipeline: string): readonly PlannedChange[] {
  return changes.filter((change) => change.pipeline === pipeline);
}

/** Dead letters of the pipeline run again in this run, and at its end once more all of them. */
export function redrives(plan: RunPlan, pipeline: string): boolean {
  return changesOf(plan, pipeline).some(({ kind }) => REDRIVES.has(kind));
}

/** Pipelines of which something was to go that they had not delivered. */
export function cleared({ changes = [] }: RunPlan): ReadonlySet<string> {
  return new Set(changes.filter(({ kind }) => kind === "clear").map(({ pipeline }) => pipeline));
}

/** The incarnation that runs at last began when what former ones had written went. */
export function clearedLast(plan: RunPlan, pipeline: string): boolean {
  const kinds = changesOf(plan, pipeline).map(({ kind }) => kind);
  return kinds.findLast((kind) => ANEW.has(kind) || kind === "swap") === "clear";
}

/** What must be as in a run without faults, of all that the pipeline comes to. */
export function comparable(plan: RunPlan, { pipeline, results, again }: Built): readonly Result[] {
  const kinds = changesOf(plan, pipeline.plan.name).map(({ kind }) => kind);
  const wanted = kinds.some((kind) => REDRIVES.has(kind)) ? again : results;
  // A fork has dead letters of its own.
  const forked = kinds.some((kind) => kind === "swap" || kind === "abandon");
  const own = forked ? wanted.filter(({ name }) => name !== pipeline.plan.deadLetterTopic) : wanted;
  // What was redriven before the fork took over may be redriven in it again.
  const twice = forked && redrives(plan, pipeline.plan.name) ? "swap" : undefined;
  const last = kinds.findLast((kind) => ANEW.has(kind)) ?? twice;
  return last === undefined ? own : own.filter((result) => survives(result, last));
}

/** What the former incarnation has sent stays, and comes again: but in stores, in tables by their keys, and where it has gone. */
function survives({ kind }: Result, last: ChangeKind): boolean {
  return kind === "store" || kind === "table" || (kind === "files" && last === "clear");
}

/** Which of its records a pipeline has read when they are trimmed is left to chance: nothing can be said of what it makes. */
export function missesRecords({ changes = [], pipelines }: RunPlan, pipeline: string): boolean {
  const sourcesOf = (name: string): readonly string[] => pipelines.find((each) => each.name === name)?.sources ?? [];
  const trimmed = changes.filter(({ kind }) => kind === "trim").flatMap((change) => sourcesOf(change.pipeline));
  return sourcesOf(pipeline).some((topic) => trimmed.includes(topic));
}
