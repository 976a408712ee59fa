import type { Plan } from "../schema/plan.ts";
import type { StoredSink } from "./sqlite/task-table.ts";
import { checkPlan } from "./core/plan/check.ts";
import { checkDeployment } from "./core/plan/check-deployment.ts";
import { cutPlan } from "./core/plan/cut.ts";
import { describePlan, type PlanDescription } from "./core/plan/describe.ts";
import { planHash, wiringOf } from "./core/plan/identity.ts";
import type { TaskGraph, TaskPlan } from "./core/plan/task-plan.ts";

/** Pipelines of the bundle. */
export class Plans {
  readonly #plans: readonly Plan[];
  readonly #graphs = new Map<Plan, TaskGraph | undefined>();
  readonly #hashes = new Map<Plan, string>();
  readonly #descriptions = new Map<Plan, PlanDescription>();

  constructor(plans: readonly Plan[]) {
    this.#plans = plans;
  }

  get(name: string, version: number): Plan | undefined {
    return this.#plans.find((plan) => plan.name === name && plan.version === version);
  }

  /** How a version is cut into tasks; undefined where it cannot run. */
  graph(name: string, version: number): TaskGraph | undefined {
    const plan = this.get(name, version);
    if (plan === undefined) return undefined;
    if (!this.#graphs.has(plan)) this.#graphs.set(plan, checkPlan(plan).ok ? cutPlan(plan) : undefined);
    return this.#graphs.get(plan);
  }

  /** The part of a version that reads this input: a users' topic, or an internal one by its logical name. */
  task(name: string, version: number, input: string): TaskPlan | undefined {
    return this.graph(name, version)?.tasks.find((task) => task.input === input);
  }

  /** How a version is cut; equal where its tasks understand each other. */
  wiring(name: string, version: number): string | undefined {
    const graph = this.graph(name, version);
    return graph === undefined ? undefined : wiringOf(graph);
  }

  /** Of the code of a version. */
  hash(name: string, version: number): string | undefined {
    const plan = this.get(name, version);
    if (plan === undefined) return undefined;
    let hash = this.#hashes.get(plan);
    if (hash === undefined) this.#hashes.set(plan, (hash = planHash(plan)));
    return hash;
  }

  describe(plan: Plan): PlanDescription {
    let description = this.#descriptions.get(plan);
    if (description === undefined) this.#descriptions.set(plan, (description = describePlan(plan)));
    return description;
  }

  /** The tables and prefixes that a version writes. */
  sinks(name: string, version: number): StoredSink[] {
    const nodes = this.get(name, version)?.nodes ?? [];
    return nodes.flatMap((node): StoredSink[] => {
      if (node.kind !== "sink" || node.sink.kind === "topic") return [];
      if (node.sink.kind === "d1") return [node.sink];
      const { path: _, ...sink } = node.sink;
      return [sink];
    });
  }

  /** Why these pipelines cannot run beside each other; undefined when they can. */
  get problem(): string | undefined {
    const checked = checkDeployment(this.#plans);
    if (checked.ok) return undefined;
    return checked.hint === undefined ? checked.message : `${checked.message}. ${checked.hint}`;
  }

  /** Of a name, the highest first. */
  versions(name: string): Plan[] {
    return this.#plans.filter((plan) => plan.name === name).toSorted((a, b) => b.version - a.version);
  }

  /** The highest version of every name. */
  newest(): Plan[] {
    const newest = new Map<string, Plan>();
    for (const plan of this.#plans) {
      const known = newest.get(plan.name);
      if (known === undefined || plan.version > known.version) newest.set(plan.name, plan);
    }
    return [...newest.values()];
  }
}
