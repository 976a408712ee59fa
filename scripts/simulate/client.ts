import { FOREVER } from "../../schema/limits.ts";
import { inspectAll } from "./inspect.ts";
import { Plans } from "../../durable-objects/plans.ts";
import { type Bundle, bundlesOf } from "./workload/changes.ts";
import type { Built } from "./workload/family.ts";
import type { PlannedChange, RunPlan } from "./workload/plan.ts";
import { SimulatedProducer } from "./workload/producer.ts";
import type { World } from "./world.ts";

const PATIENCE_MS = 8_000;
const AGAIN_MS = 500;
/** The Worker's cron. */
const RECONCILE_MS = 300_000;
/** Then a deploy has reached everything. */
const DEPLOY_MS = 25_000;
/** A reset waits for what is still to be delivered. */
const RESET_PATIENCE_MS = 60_000;
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
  #bundle: Bundle;
  #sent = false;
  #changed = false;
  #failure: unknown;

  constructor({ world, plan, built, bundle, startMs }: Parts) {
    this.#world = world;
    this.#plan = plan;
    this.#built = built;
    this.#bundle = bundle;
    this.producers = plan.producers.map((producer) => new SimulatedProducer(producer, world, startMs));
  }

  /** Until everything is done and nothing changes any more. Throws when that does not come. */
  async run(maxSteps: number): Promise<void> {
    this.#background(this.#cron());
    this.#background(this.#send());
    this.#background(this.#change());
    const { schedule, faults } = this.#world;
    await this.#until(() => this.#sent && this.#changed, maxSteps);
    await this.#until(() => faults.over || this.#drained(), maxSteps);
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

  async #change(): Promise<void> {
    for (const change of this.#plan.changes ?? []) {
      while (!this.#runs(change.pipeline)) await this.#world.pause(AGAIN_MS);
      await this.#world.pause(change.afterMs);
      for (const bundle of bundlesOf(change, this.#bundle)) {
        this.#bundle = bundle;
        this.#world.deploy(new Plans(bundle));
        await this.#world.pause(DEPLOY_MS);
      }
      if (change.kind === "reset") await this.#reset(change.pipeline);
      if (change.kind === "trim") await this.#trim(change);
      // What nothing else wakes goes on when the cron has come.
      if (change.kind === "mistake") await this.#world.pause(2 * RECONCILE_MS);
    }
    this.#changed = true;
  }

  async #reset(name: string): Promise<void> {
    for (;;) {
      const { catalog } = this.#world;
      const answer = await this.#world.within(RESET_PATIENCE_MS, catalog.resetPipeline({ name, from: "earliest" }));
      // It has begun and goes on.
      if (answer?.ok === true || answer?.code === "overloaded") return;
      await this.#world.pause(AGAIN_MS);
    }
  }

  async #trim({ pipeline, part = 1 }: PlannedChange): Promise<void> {
    const sources = this.#plan.pipelines.find(({ name }) => name === pipeline)?.sources ?? [];
    for (const { name, partitions } of this.#plan.topics.filter((topic) => sources.includes(topic.name))) {
      const topicId = await this.#create(name, partitions);
      for (let partition = 0; partition < partitions; partition++) await this.#trimOne({ topicId, partition }, part);
    }
  }

  async #trimOne(at: { readonly topicId: string; readonly partition: number }, part: number): Promise<void> {
    const stub = this.#world.partition(at.topicId, at.partition);
    for (let offset: number | undefined; ;) {
      const described = await this.#world.within(PATIENCE_MS, stub.describe({}));
      if (offset === undefined && described?.ok === true) {
        const { logStartOffset, logEndOffset } = described;
        offset = logStartOffset + Math.floor(part * (logEndOffset - logStartOffset));
      }
      const trimmed = offset === undefined ? undefined : await this.#world.within(PATIENCE_MS, stub.trim({ offset }));
      if (trimmed?.ok === true) return;
      await this.#world.pause(AGAIN_MS);
    }
  }

  #runs(name: string): boolean {
    return this.#pipelines().every((each) => each.name !== name || each.state === "running");
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
    const left = this.#pipelines().flatMap(({ name, state }) =>
      state === "running" ? [] : [`pipeline ${name} is ${state}`],
    );
    for (const { name, tasks, logEndOffset, waiting } of inspectAll(this.#world)) {
      if (waiting > 0) left.push(`${waiting} rows wait in the outbox of ${name}`);
      for (const { pipeline, position, state, error } of tasks) {
        if (state === "failed") throw new Error(`the task of ${pipeline} on ${name} failed: ${error}`);
        if (state === "running" && position < logEndOffset)
          left.push(`the task of ${pipeline} on ${name} is at ${position} of ${logEndOffset}`);
      }
    }
    return left;
  }

  #pipelines(): { name: string; state: string }[] {
    const catalog = [...this.#world.objects.values()].find(({ name }) => name.startsWith("catalog "));
    const tables = catalog?.disk.database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'pipeline'").all() ?? [];
    const query = "SELECT name, state, version FROM pipeline";
    const rows = tables.length === 0 ? [] : (catalog?.disk.database.prepare(query).all() ?? []);
    const known = new Map(rows.map((row) => [row["name"], row]));
    return this.#plan.pipelines.map(({ name }) => {
      const row = known.get(name);
      const version = this.#bundle.find((plan) => plan.name === name)?.version ?? row?.["version"];
      if (row === undefined) return { name, state: "not begun" };
      return { name, state: row["version"] === version ? String(row["state"]) : "of a former version" };
    });
  }
}
