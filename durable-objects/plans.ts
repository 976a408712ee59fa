import type { Plan } from "../schema/plan.ts";
import type { StoredSink } from "./sqlite/task-table.ts";
import { checkDeployment } from "./core/plan/check-deployment.ts";

/** Pipelines of the bundle. */
export class Plans {
  readonly #plans: readonly Plan[];

  constructor(plans: readonly Plan[]) {
    this.#plans = plans;
  }

  get(name: string, version: number): Plan | undefined {
    return this.#plans.find((plan) => plan.name === name && plan.version === version);
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
