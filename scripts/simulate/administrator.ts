import { layoutOf } from "../../durable-objects/core/task/layout.ts";
import { Plans } from "../../durable-objects/plans.ts";
import type { TaskRow } from "../../durable-objects/sqlite/task-table.ts";
import type { Answer } from "../../schema/error.ts";
import { FOREVER } from "../../schema/limits.ts";
import { inspectAll } from "./inspect.ts";
import { redriveLetters } from "./redrive-letters.ts";
import { trimTopics } from "./trim-topics.ts";
import { type Bundle, hasStores, misfitOf, raised, recoded, redrives, replaced, unforked } from "./workload/changes.ts";
import type { Built } from "./workload/family.ts";
import type { PlannedChange, RunPlan } from "./workload/plan.ts";
import type { World } from "./world.ts";

const PATIENCE_MS = 60_000;
const AGAIN_MS = 500;
/** The Worker's cron. */
export const RECONCILE_MS = 300_000;
/** Then a deploy has reached everything. */
const DEPLOY_MS = 30_000;
/** Long enough for what must not run to show that it does not. */
const STANDS_MS = 5_000;
/** Letters of one redrive that is not of all: the first ones of their topic. */
const SOME = { partition: 0, from: 0, to: 2 } as const;

interface Parts {
  readonly world: World;
  readonly plan: RunPlan;
  readonly built: readonly Built[];
  /** What is deployed at first. */
  readonly bundle: Bundle;
}

export interface PipelineState {
  readonly name: string;
  readonly state: string;
}

/** Who changes pipelines while they run: each change is asked for until it is done, whatever becomes of the calls. */
export class Administrator {
  readonly #world: World;
  readonly #plan: RunPlan;
  readonly #built: readonly Built[];
  #bundle: Bundle;
  /** Versions that should run. */
  readonly #versions: Map<string, number>;
  /** Their tasks fail, as they should for now. */
  readonly #failing = new Set<string>();

  constructor({ world, plan, built, bundle }: Parts) {
    this.#world = world;
    this.#plan = plan;
    this.#built = built;
    this.#bundle = bundle;
    this.#versions = new Map(bundle.map(({ name, version }) => [name, version]));
  }

  /** All changes of the plan, one after another. */
  async run(): Promise<void> {
    for (const change of this.#plan.changes ?? []) {
      const { pipeline } = change;
      await this.#until(async () =>
        this.pipelines().every(({ name, state }) => name !== pipeline || state === "running"),
      );
      await this.#world.pause(change.afterMs);
      await this.#make(change);
    }
  }

  /** Where dead letters are redriven they are once more when all has been processed: what passes at last does not depend on when. */
  async redriveAll(): Promise<void> {
    for (const { name } of this.#plan.pipelines)
      if (redrives(this.#plan, name)) await redriveLetters(this.#world, name);
  }

  fails(pipeline: string): boolean {
    return this.#failing.has(pipeline);
  }

  /** As the Catalog has them on disk. */
  pipelines(): PipelineState[] {
    const catalog = [...this.#world.objects.values()].find(({ name }) => name.startsWith("catalog "));
    const tables = catalog?.disk.database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'pipeline'").all() ?? [];
    const query = "SELECT name, state, version FROM pipeline";
    const rows = tables.length === 0 ? [] : (catalog?.disk.database.prepare(query).all() ?? []);
    const known = new Map(rows.map((row) => [row["name"], row]));
    return this.#plan.pipelines.map(({ name }) => {
      const row = known.get(name);
      if (row === undefined) return { name, state: "not begun" };
      if (known.has(`${name}@fork`)) return { name, state: "forked" };
      return {
        name,
        state: row["version"] === this.#versions.get(name) ? String(row["state"]) : "of a former version",
      };
    });
  }

  async #make(change: PlannedChange): Promise<void> {
    const { kind, pipeline: name } = change;
    switch (kind) {
      case "reset":
        return this.#reset(name, "keep");
      case "clear":
        return this.#reset(name, "delete");
      case "upgrade":
        return this.#upgrade(name);
      case "redeploy":
        return this.#deploy(replaced(this.#bundle, name, (plan) => [recoded(plan)]));
      case "mistake":
        return this.#lackFor(name);
      case "misfit":
        return this.#misfit(name, this.#bundle);
      case "outgrown":
        await this.#misfit(name, undefined);
        return this.#upgrade(name);
      case "swap":
      case "abandon":
        return this.#fork(name, kind);
      case "drop":
        return this.#drop(name);
      case "trim":
        return trimTopics(this.#world, this.#plan, change);
      case "pause":
        return this.#pause(name);
      case "redrive":
        return redriveLetters(this.#world, name);
      case "redriveSome":
        return redriveLetters(this.#world, name, SOME);
    }
  }

  async #deploy(bundle: Bundle): Promise<void> {
    this.#world.deploy(bundle);
    // The cron may come while the deploy is half out.
    await this.#world.pause(DEPLOY_MS / 4);
    await this.#world.within(DEPLOY_MS / 4, this.#world.catalog.reconcile({}));
    await this.#world.pause(DEPLOY_MS / 2);
    this.#bundle = bundle;
  }

  async #upgrade(name: string): Promise<void> {
    this.#versions.set(name, (this.#versions.get(name) ?? 0) + 1);
    this.#failing.delete(name);
    await this.#deploy(replaced(this.#bundle, name, (plan) => [raised(plan)]));
  }

  async #lackFor(name: string): Promise<void> {
    const before = this.#bundle;
    await this.#deploy(replaced(before, name, () => []));
    await this.#deploy(before);
    // What nothing else wakes goes on when the cron has come.
    await this.#world.pause(2 * RECONCILE_MS);
  }

  async #reset(name: string, outputs: "keep" | "delete"): Promise<void> {
    const { catalog } = this.#world;
    await this.#until(async () => {
      const answer = await this.#ask(catalog.resetPipeline({ name, from: "earliest", outputs }));
      // It has begun and goes on.
      return answer?.ok === true || answer?.code === "overloaded";
    });
  }

  /** Other stores under the same version: tasks that have state fail and keep it. */
  async #misfit(name: string, former: Bundle | undefined): Promise<void> {
    const stored = this.#bundle.some((plan) => plan.name === name && hasStores(plan));
    const before = this.#bundle;
    const misfits = replaced(before, name, (plan) => [misfitOf(plan)]);
    await this.#deploy(misfits);
    if (stored) {
      const plans = new Plans(misfits);
      await this.#until(() => this.#refuses(name, plans));
      await this.#stands(name, { why: "tasks do not fit their state", which: (task) => misfit(plans, task) });
    }
    this.#bundle = before;
    if (former === undefined) return;
    await this.#deploy(former);
    await this.#world.pause(2 * RECONCILE_MS);
  }

  /** Every task with state that the other stores do not fit says so. */
  async #refuses(name: string, plans: Plans): Promise<boolean> {
    for (const { row, tasks } of inspectAll(this.#world)) {
      const misfits = tasks.filter(
        (task) => task.pipeline === name && task.state !== "detached" && misfit(plans, task),
      );
      if (misfits.length === 0) continue;
      const answer = await this.#ask(this.#world.partition(row.topicId, row.partition).tasks({ pipeline: name }));
      if (answer?.ok !== true || answer.tasks.some(({ error }) => error?.startsWith("incompatible_change") !== true))
        return false;
    }
    return true;
  }

  async #pause(name: string): Promise<void> {
    await this.#setState(name, "paused");
    await this.#stands(name, { why: "the pipeline is paused", which: () => true });
    await this.#setState(name, "running");
  }

  async #setState(name: string, state: "paused" | "running"): Promise<void> {
    const { catalog } = this.#world;
    await this.#until(async () => (await this.#ask(catalog.setPipelineState({ name, state })))?.ok === true);
  }

  /** These tasks of the pipeline do not move. */
  async #stands(
    name: string,
    { why, which }: { readonly why: string; readonly which: (task: TaskRow) => boolean },
  ): Promise<void> {
    const before = this.#positions(name, which);
    await this.#world.pause(STANDS_MS);
    const after = this.#positions(name, which);
    if (before !== after) throw new Error(`${why}, and went on from ${before} to ${after}`);
  }

  #positions(name: string, which: (task: TaskRow) => boolean): string {
    return inspectAll(this.#world)
      .flatMap(({ name: place, tasks }) =>
        tasks
          .filter((task) => task.pipeline === name && task.state !== "detached" && which(task))
          .map(({ position }) => `${place} ${position}`),
      )
      .join(", ");
  }

  async #fork(name: string, end: "swap" | "abandon"): Promise<void> {
    const { catalog } = this.#world;
    const next = (this.#versions.get(name) ?? 0) + 1;
    const versions = replaced(this.#bundle, name, (plan) => [plan, { ...raised(plan), takesOver: "fork" }]);
    await this.#deploy(versions);
    await this.#until(
      async () => (await this.#ask(catalog.forkPipeline({ name, version: next, from: "earliest" })))?.ok === true,
    );
    await this.#world.pause(AGAIN_MS);
    if (end === "abandon") {
      await this.#until(async () => ended(await this.#ask(catalog.abandonFork({ name }))));
      return this.#deploy(replaced(versions, name, (plan) => (plan.version === next ? [] : [plan])));
    }
    await this.#until(async () => (await this.#ask(catalog.swapPipeline({ name, version: next })))?.ok === true);
    this.#versions.set(name, next);
    await this.#deploy(replaced(versions, name, (plan) => (plan.version === next ? [unforked(plan)] : [])));
  }

  /** A topic that the pipeline writes goes: the pipeline fails, and begins anew when there is one of that name again. */
  async #drop(name: string): Promise<void> {
    const { catalog } = this.#world;
    const [topic] = this.#built.find(({ pipeline }) => pipeline.plan.name === name)?.outputs ?? [];
    const partitions = this.#plan.pipelines.find((each) => each.name === name)?.outputPartitions ?? 1;
    if (topic === undefined) return this.#reset(name, "keep");
    const refused = await this.#ask(catalog.deleteTopic({ topic, force: false }));
    if (refused?.ok === true) throw new Error(`topic ${topic} was deleted, though ${name} writes it`);
    this.#failing.add(name);
    await this.#until(async () => ended(await this.#ask(catalog.deleteTopic({ topic, force: true })), "unknown_topic"));
    await this.#stands(name, { why: "a topic that the tasks write was deleted", which: () => true });
    await this.#until(
      async () =>
        (await this.#ask(catalog.createTopic({ topic, partitions, config: { retentionMs: FOREVER } })))?.ok === true,
    );
    await this.#reset(name, "keep");
    await this.#until(async () => this.pipelines().every((each) => each.name !== name || each.state === "running"));
    this.#failing.delete(name);
  }

  async #ask<T extends object>(call: Promise<Answer<T>>): Promise<Answer<T> | undefined> {
    return this.#world.within(PATIENCE_MS, call);
  }

  async #until(done: () => Promise<boolean>): Promise<void> {
    while (!(await done())) await this.#world.pause(AGAIN_MS);
  }
}

function misfit(plans: Plans, { pipeline, version, input, layout }: TaskRow): boolean {
  const plan = plans.task(pipeline, version, input ?? "");
  return plan !== undefined && layout !== "" && layout !== layoutOf(plan);
}

/** It is done, or was by an earlier call whose answer was lost. */
function ended(answer: Answer | undefined, code = "not_found"): boolean {
  return answer?.ok === true || answer?.code === code;
}
