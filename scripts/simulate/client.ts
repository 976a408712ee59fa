import { FOREVER } from "../../schema/limits.ts";
import { inspectAll } from "./inspect.ts";
import { Administrator, RECONCILE_MS } from "./administrator.ts";
import type { Bundle } from "./workload/changes.ts";
import type { Built } from "./workload/family.ts";
import type { RunPlan } from "./workload/plan.ts";
import { SimulatedProducer } from "./workload/producer.ts";
import type { World } from "./world.ts";

const PATIENCE_MS = 8_000;
const AGAIN_MS = 500;
const LOOK_MS = 1_000;
/** Longer than any message takes, and than tasks wait before they say that they are idle. */
const SETTLE_MS = 100_000;
/** Nothing that works takes so long: restarts wait for the cron, and for growing pauses. */
const STUCK_MS = 1_800_000;
/** Where steps are few, time ends the faults. */
const FAULTS_MS = 900_000;

interface Parts {
  readonly world: World;
  readonly plan: RunPlan;
  readonly built: readonly Built[];
  /** What is deployed at first. */
  readonly bundle: Bundle;
  readonly startMs: number;
}

/** All that comes from outside: it makes topics, sends records, calls the Catalog's cron, and waits until all is done. */
export class Client {
  readonly producers: readonly SimulatedProducer[];
  readonly #world: World;
  readonly #plan: RunPlan;
  readonly #built: readonly Built[];
  readonly #administrator: Administrator;
  #sent = false;
  #changed = false;
  #redriven = false;
  #failure: unknown;

  constructor({ world, plan, built, bundle, startMs }: Parts) {
    this.#world = world;
    this.#plan = plan;
    this.#built = built;
    this.#administrator = new Administrator({ world, plan, built, bundle });
    this.producers = plan.producers.map((producer) => new SimulatedProducer(producer, world, startMs));
  }

  /** Until everything is done and nothing changes any more. Throws when that does not come. */
  async run(maxSteps: number): Promise<void> {
    this.#background(this.#cron());
    this.#background(this.#send());
    this.#background(this.#administrator.run().then(() => void (this.#changed = true)));
    const { schedule, faults } = this.#world;
    await this.#until(() => this.#sent && this.#changed, maxSteps);
    await this.#until(() => this.#drained(), maxSteps);
    this.#background(this.#administrator.redriveAll().then(() => void (this.#redriven = true)));
    await this.#until(() => this.#redriven, maxSteps);
    faults.end();
    for (;;) {
      await this.#until(() => this.#drained(), maxSteps);
      const untilMs = schedule.nowMs + SETTLE_MS;
      await this.#until(() => schedule.nowMs >= untilMs, maxSteps);
      if (this.#drained()) return;
    }
  }

  #background(work: Promise<void>): void {
    work.catch((error: unknown) => {
      this.#failure ??= error;
    });
  }

  async #until(reached: () => boolean, maxSteps: number): Promise<void> {
    const { schedule, faults } = this.#world;
    let deadlineMs = schedule.nowMs + STUCK_MS;
    for (let lookMs = schedule.nowMs; schedule.nowMs < lookMs || !reached();) {
      if (schedule.nowMs >= lookMs) lookMs = schedule.nowMs + LOOK_MS;
      if (!(await this.#world.step())) throw new Error("nothing goes on any more");
      if (this.#failure !== undefined) throw this.#failure;
      if (!faults.over) deadlineMs = schedule.nowMs + STUCK_MS;
      if (schedule.steps > this.#plan.faultSteps || schedule.elapsedMs > FAULTS_MS) faults.end();
      if (schedule.nowMs > deadlineMs || schedule.steps > maxSteps) {
        throw new Error(`it does not come to its end: ${this.#left().join("; ")}`);
      }
    }
  }

  async #cron(): Promise<void> {
    for (;;) {
      await this.#world.pause(RECONCILE_MS);
      await this.#world.within(RECONCILE_MS / 2, this.#world.catalog.reconcile({}));
    }
  }

  async #send(): Promise<void> {
    const { topics } = this.#plan;
    const outputs = this.#built.flatMap((built, index) =>
      built.outputs.map((name) => ({ name, partitions: this.#plan.pipelines[index]?.outputPartitions ?? 1 })),
    );
    const ids = new Map<string, string>();
    for (const { name, partitions } of topics) ids.set(name, await this.#create(name, partitions));
    const first = new Set(this.#built.flatMap(({ first: topic }) => topic ?? []));
    const run = (producer: SimulatedProducer): Promise<void> => {
      const partitions = topics.find(({ name }) => name === producer.topic)?.partitions ?? 1;
      return producer.run({ topicId: ids.get(producer.topic) ?? "", partitions });
    };
    await Promise.all(this.producers.filter(({ topic }) => first.has(topic)).map(run));
    const create = async (): Promise<void> => {
      for (const { name, partitions } of outputs) await this.#create(name, partitions);
    };
    // Where nothing must be there before, they begin when all is ready; else while pipelines start.
    if (first.size === 0) await create();
    const others = this.producers.filter(({ topic }) => !first.has(topic)).map(run);
    await Promise.all(first.size === 0 ? others : [create(), ...others]);
    this.#sent = true;
  }

  async #create(topic: string, partitions: number): Promise<string> {
    const config = { retentionMs: FOREVER };
    for (;;) {
      const { catalog } = this.#world;
      const created = await this.#world.within(PATIENCE_MS, catalog.createTopic({ topic, partitions, config }));
      if (created?.ok === true) return created.identity.topicId;
      await this.#world.pause(AGAIN_MS);
    }
  }

  #drained(): boolean {
    return this.#left().length === 0;
  }

  /** What is still to be done. A task that failed never will be. */
  #left(): string[] {
    const left = this.#administrator
      .pipelines()
      .flatMap(({ name, state }) => (state === "running" ? [] : [`pipeline ${name} is ${state}`]));
    for (const { name, tasks, logEndOffset, waiting, redriving } of inspectAll(this.#world)) {
      if (redriving > 0) left.push(`${redriving} dead letters wait in ${name}`);
      if (waiting > 0) left.push(`${waiting} rows wait in the outbox of ${name}`);
      for (const { pipeline, position, state, error } of tasks) {
        if (state === "failed" && !this.#administrator.fails(pipeline))
          throw new Error(`the task of ${pipeline} on ${name} failed: ${error}`);
        if (state === "running" && position < logEndOffset)
          left.push(`the task of ${pipeline} on ${name} is at ${position} of ${logEndOffset}`);
      }
    }
    return left;
  }
}
