import { testPipelines } from "../../pipelines/test/pipelines.ts";
import { pipelines } from "../../pipelines/index.ts";
import type { Plan } from "../../schema/plan.ts";
import { CatalogObject } from "../catalog-object.ts";
import type { Env } from "../env.ts";
import { PartitionObject } from "../partition-object.ts";
import type { Step } from "../partition/steps.ts";
import { Plans } from "../plans.ts";
import { aborts } from "./aborts.ts";

/** What is deployed. A test that changes it deploys: objects that it evicts then run what is here. */
export const bundle: Plan[] = [...pipelines, ...testPipelines].map(({ plan }) => plan);

const plans = new Plans(bundle);

type Call = "open" | "attach" | "retire" | "deliver" | "halt" | "goOn" | "unmute";

/** What a test lets happen to calls of partitions: before one takes effect, and after it, so that its answer is lost. */
export const faults: Record<"before" | "after", (call: Call, name: string) => void> = {
  before: () => undefined,
  after: () => undefined,
};

/** What a test does at a step of a partition, by its name. */
export const steps: { onStep: (step: Step, name: string) => void } = { onStep: () => undefined };

/** The objects of a deployment whose bundle has the tests' pipelines too. */
export class Partition extends PartitionObject {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env, { plans, onStep: (step) => steps.onStep(step, ctx.id.name ?? "") });
    aborts.set(ctx.id.name ?? "", (reason) => ctx.abort(reason));
  }

  override open(request: Parameters<PartitionObject["open"]>[0]): ReturnType<PartitionObject["open"]> {
    return this.#faulty("open", () => super.open(request));
  }

  override attach(request: Parameters<PartitionObject["attach"]>[0]): ReturnType<PartitionObject["attach"]> {
    return this.#faulty("attach", () => super.attach(request));
  }

  override retire(request: Parameters<PartitionObject["retire"]>[0]): ReturnType<PartitionObject["retire"]> {
    return this.#faulty("retire", () => super.retire(request));
  }

  override deliver(request: Parameters<PartitionObject["deliver"]>[0]): ReturnType<PartitionObject["deliver"]> {
    return this.#faulty("deliver", () => super.deliver(request));
  }

  override halt(request: Parameters<PartitionObject["halt"]>[0]): ReturnType<PartitionObject["halt"]> {
    return this.#faulty("halt", () => super.halt(request));
  }

  override goOn(request: Parameters<PartitionObject["goOn"]>[0]): ReturnType<PartitionObject["goOn"]> {
    return this.#faulty("goOn", () => super.goOn(request));
  }

  override unmute(request: Parameters<PartitionObject["unmute"]>[0]): ReturnType<PartitionObject["unmute"]> {
    return this.#faulty("unmute", () => super.unmute(request));
  }

  async #faulty<T>(call: Call, work: () => Promise<T>): Promise<T> {
    const name = this.ctx.id.name ?? "";
    faults.before(call, name);
    const done = await work();
    faults.after(call, name);
    return done;
  }

  /** What the platform does to an object at any moment: memory is gone, and what was not yet durable with it. */
  crash(): void {
    this.ctx.abort("crash asked for by a test");
  }
}

export class Catalog extends CatalogObject {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env, { plans });
  }
}
