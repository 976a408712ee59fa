import type { Plan } from "../schema/plan.ts";

/** Pipelines of the bundle. */
export class Plans {
  readonly #plans: readonly Plan[];

  constructor(plans: readonly Plan[]) {
    this.#plans = plans;
  }

  get(name: string, version: number): Plan | undefined {
    return this.#plans.find((plan) => plan.name === name && plan.version === version);
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
