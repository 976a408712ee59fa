import { type Answer, refuse, type Refusal } from "../../schema/error.ts";
import type { Plan } from "../../schema/plan.ts";
import type {
  ForkRecord,
  PipelineInput,
  PipelineRecord,
  PipelineStore,
  TableDescription,
} from "../../schema/rpc/catalog.ts";
import type { StoreDescription } from "../../schema/rpc/store.ts";
import type { StartFrom, TaskStart } from "../../schema/rpc/task.ts";
import { checkPlan } from "../core/plan/check.ts";
import { storesOf } from "../core/plan/stores.ts";
import { onEveryPartition } from "./partitions.ts";
import { Forks } from "./forks.ts";
import type { PipelineRow, PipelineTable } from "./pipeline-table.ts";
import { isFork, listOf, outputsOf, pipelineOf, sourcesOf, topicsReadBy } from "./pipeline-topics.ts";
import { CATCHING_UP, Starter, type StarterParts } from "./starter.ts";

/** Which pipelines of the bundle run, from which incarnation on. */
export class Pipelines {
  readonly #parts: StarterParts;
  readonly #starter: Starter;
  readonly #forks: Forks;

  constructor(parts: StarterParts) {
    this.#parts = parts;
    this.#starter = new Starter(parts);
    this.#forks = new Forks(parts, this.#starter);
  }

  records(): PipelineRecord[] {
    const { table, plans } = this.#parts;
    const newest = plans.newest();
    const gone = this.#rows(table).filter((row) => newest.every((plan) => plan.name !== row.name));
    return [...newest.map((plan) => this.#recordOf(plan)), ...gone.map((row) => this.#recordOfGone(row))].sort((a, b) =>
      a.name < b.name ? -1 : 1,
    );
  }

  record(name: string): Answer<{ readonly pipeline: PipelineRecord }> {
    const { table, plans } = this.#parts;
    const plan = plans.newest().find((each) => each.name === name);
    if (plan !== undefined) return { ok: true, pipeline: this.#recordOf(plan) };
    const gone = table.get(name);
    return gone === undefined ? unknownPipeline(name) : { ok: true, pipeline: this.#recordOfGone(gone) };
  }

  /** Pipelines that read or write the topic, dead letters included, and have not failed. */
  holdersOf(topic: string): string[] {
    const live = this.#parts.table.all().filter((row) => row.state !== "failed");
    const holders = live
      .filter((row) => listOf(row.sources).includes(topic) || listOf(row.outputs).includes(topic))
      .map((row) => pipelineOf(row.name));
    return [...new Set(holders)];
  }

  /** Forks left out. */
  #rows(table: PipelineTable): PipelineRow[] {
    return table.all().filter((row) => !isFork(row.name));
  }

  tables(): TableDescription[] {
    return this.#parts.plans
      .newest()
      .flatMap((plan) =>
        this.#parts.plans
          .describe(plan)
          .sinks.flatMap(({ kind, name, columns }) =>
            kind === "d1" ? [{ table: name, pipeline: plan.name, columns: columns ?? [] }] : [],
          ),
      );
  }

  /**
   * Starts what can start: a plan that is new, or of a higher version than the one that runs (ENG-11). Answers whether
   * something has begun that is not at its end, and whether it only needs time.
   */
  async startAll(): Promise<"done" | "waits" | "catchingUp"> {
    let catchingUp = false;
    for (const { name } of this.#parts.plans.newest()) {
      const plan = this.#next(name);
      if (plan !== undefined) catchingUp = (await this.#startIfNew(plan)) || catchingUp;
    }
    const forking = await this.#forks.goOn();
    if (catchingUp) return "catchingUp";
    const rows = this.#rows(this.#parts.table);
    const waits = rows.some(({ state, former }) => state === "bootstrapping" || listOf(former).length > 0);
    return forking || waits ? "waits" : "done";
  }

  /** The highest version that begins by itself: one that takes over as a fork does so only where there is no other. */
  #next(name: string): Plan | undefined {
    const row = this.#parts.table.get(name);
    const versions = this.#parts.plans.versions(name);
    const own = versions.find(({ takesOver, version }) => takesOver !== "fork" || version === row?.version);
    return own ?? (row === undefined ? versions[0] : undefined);
  }

  async #startIfNew(plan: Plan): Promise<boolean> {
    const { table } = this.#parts;
    const row = table.get(plan.name);
    const interrupted = row?.version === plan.version && row.state === "bootstrapping";
    try {
      if (row !== undefined && row.version >= plan.version && !interrupted) {
        if (listOf(row.former).length > 0) await this.#starter.retireFormer(plan.name);
        if (row.live === null && row.version === plan.version) await this.#starter.tellLive(plan, row);
      } else if (this.#obstacle(plan) === undefined) return (await this.#starter.start(plan, row)).catchingUp;
    } catch (error) {
      // One partition in trouble must not keep other pipelines from their start; this one's is gone on with later (CAT-9).
      console.error(`the start of ${plan.name} was interrupted:`, error);
      const reason = error instanceof Error ? error.message : String(error);
      if (table.get(plan.name)?.state === "bootstrapping") table.setState(plan.name, "bootstrapping", reason);
    }
    return false;
  }

  /** Why a plan cannot start; undefined when it can. */
  #obstacle(plan: Plan): string | undefined {
    const checked = checkPlan(plan);
    if (!checked.ok) return checked.hint === undefined ? checked.message : `${checked.message}. ${checked.hint}`;
    const fork = this.#forks.get(plan.name);
    if (fork !== undefined)
      return `waits until the fork of version ${fork.version} is swapped or abandoned: DELETE /v1/pipelines/${plan.name}/fork`;
    return this.#obstacleBeside(plan);
  }

  #obstacleBeside(plan: Plan): string | undefined {
    const { problem } = this.#parts.plans;
    if (problem !== undefined) return problem;
    const topics = [...new Set([...sourcesOf(plan), ...outputsOf(plan)])];
    const [missing, ...others] = topics.filter((name) => this.#parts.topics.table.open(name) === undefined);
    if (missing === undefined) return undefined;
    const further = others.length === 0 ? "" : `, and the same for ${others.join(", ")}`;
    return `waits for topic ${missing}: create it with PUT /v1/topics/${missing}${further}`;
  }

  async setState(name: string, state: "running" | "paused"): Promise<Answer> {
    const row = this.#parts.table.get(name);
    if (row === undefined) return this.record(name).ok ? notStarted(name) : unknownPipeline(name);
    if (row.state === "bootstrapping") {
      const waits = row.error?.startsWith(CATCHING_UP) === true;
      return waits && state === "running" ? this.#resumeStart(row) : notStarted(name);
    }
    const call = state === "paused" ? "pause" : "resume";
    const fork = this.#forks.get(name);
    // A fork that begins brings its tables first and knows itself which of its tasks wait for them (CAT-23).
    const begins = fork?.state === "bootstrapping";
    const own = begins ? { incarnation: row.incarnation } : {};
    const answer = await this.#onTasks(name, (stub) => stub[call]({ pipeline: name, ...own }));
    if (answer.ok && fork !== undefined && !begins) {
      // Its internal topics are its own; where it has no task yet there is nothing to stop.
      const topics = topicsReadBy(fork).map(({ topic }) => topic);
      const also = await this.#onTopics(topics, async (stub) => {
        const done = await stub[call]({ pipeline: name });
        return done.ok || done.code !== "not_found" ? done : { ok: true };
      });
      if (!also.ok) return also;
    }
    if (answer.ok) this.#parts.table.setState(name, state, null);
    return answer;
  }

  /** Of a start that waits because a task has failed on the way. */
  async #resumeStart({ name, version }: PipelineRow): Promise<Answer> {
    const resumed = await this.#onTasks(name, async (stub) => {
      const answer = await stub.resume({ pipeline: name, only: "failed" });
      // One that is not attached yet has not failed.
      return answer.ok || answer.code !== "not_found" ? answer : { ok: true };
    });
    const plan = this.#parts.plans.get(name, version);
    if (resumed.ok && plan !== undefined) await this.#startIfNew(plan);
    return resumed;
  }

  /** A new incarnation of the version that runs (CAT-20). */
  async reset(
    name: string,
    how: { readonly from: StartFrom; readonly erase: boolean },
  ): Promise<Answer<{ readonly incarnation: number; readonly starts: readonly TaskStart[] }>> {
    const { table, plans } = this.#parts;
    const row = table.get(name);
    if (row === undefined) return this.record(name).ok ? notStarted(name) : unknownPipeline(name);
    if (row.state === "bootstrapping") return notStarted(name);
    const plan = plans.get(row.name, row.version);
    if (plan === undefined) {
      return refuse("not_found", `the bundle has no ${name} version ${row.version}`, { hint: "Deploy it again" });
    }
    const obstacle = this.#obstacle(plan);
    if (obstacle !== undefined) return refuse("invalid_request", `pipeline ${name} cannot start: ${obstacle}`);
    const { starts } = await this.#starter.start(plan, row, how);
    const begun = table.get(name);
    if (begun?.state === "running") return { ok: true, incarnation: begun.incarnation, starts };
    return refuse("overloaded", `the reset of ${name} has begun and goes on: ${begun?.error ?? "it is starting"}`, {
      hint: "GET /v1/pipelines/{name} says when it runs",
    });
  }

  /** Of the highest other version, unless told (FRK-1). */
  async fork({
    name,
    version,
    from,
  }: {
    name: string;
    version?: number | undefined;
    from: StartFrom;
  }): ReturnType<Forks["fork"]> {
    const { table, plans } = this.#parts;
    const row = table.get(name);
    if (row === undefined) return this.record(name).ok ? notStarted(name) : unknownPipeline(name);
    if (row.state === "bootstrapping") return notStarted(name);
    const wanted = plans
      .versions(name)
      .find((plan) => (version ?? plan.version) === plan.version && plan.version !== row.version);
    const missing = [plans.get(name, row.version), wanted].indexOf(undefined);
    if (wanted === undefined || missing >= 0) {
      const which =
        missing === 0
          ? `version ${row.version} of ${name}, which runs`
          : `${version === undefined ? "other version" : `version ${version}`} of ${name} to fork`;
      return refuse("not_found", `the bundle has no ${which}`, {
        hint: 'List both versions in pipelines/index.ts, the new one as .version(n, { takesOver: "fork" })',
      });
    }
    const checked = checkPlan(wanted);
    const obstacle = checked.ok ? this.#obstacleBeside(wanted) : checked.message;
    if (obstacle !== undefined) return refuse("invalid_request", `the fork of ${name} cannot start: ${obstacle}`);
    return this.#forks.fork(row, wanted, from);
  }

  swap(name: string, version: number | undefined): ReturnType<Forks["swap"]> {
    return this.#forks.swap(name, version);
  }

  abandonFork(name: string): Promise<Answer> {
    return this.#forks.abandon(name);
  }

  async fail(name: string, reason: string): Promise<Answer> {
    const answer = await this.#onTasks(name, async (stub) => {
      const failed = await stub.fail({ pipeline: name, reason });
      // A pipeline that was still starting has no task there yet.
      return failed.ok || failed.code !== "not_found" ? failed : { ok: true };
    });
    if (answer.ok) this.#parts.table.setState(name, "failed", reason);
    return answer;
  }

  /** Wakes every partition that has tasks: their timers, slices and deliveries go on. */
  async touchAll(): Promise<void> {
    for (const row of this.#parts.table.all()) {
      const topics = [...topicsReadBy(row).map(({ topic }) => topic), ...listOf(row.former)];
      await this.#onTopics([...new Set(topics)], async (stub) => {
        // One partition in trouble must not keep the others asleep.
        await stub
          .touch({})
          .catch((error: unknown) => console.error(`a partition of ${row.name} cannot be woken:`, error));
        return { ok: true };
      });
    }
  }

  /** On every partition of all that the pipeline's tasks read. */
  async #onTasks(name: string, call: Parameters<typeof onEveryPartition>[2]): Promise<Answer> {
    const row = this.#parts.table.get(name);
    return row === undefined
      ? { ok: true }
      : this.#onTopics(
          topicsReadBy(row).map(({ topic }) => topic),
          call,
        );
  }

  async #onTopics(names: readonly string[], call: Parameters<typeof onEveryPartition>[2]): Promise<Answer> {
    for (const name of names) {
      const topic = this.#parts.topics.table.open(name);
      if (topic === undefined) continue;
      const answer = await onEveryPartition(this.#parts.namespace, topic, call);
      if (!answer.ok) return answer;
    }
    return { ok: true };
  }

  #forkRecordOf(name: string): ForkRecord | undefined {
    const row = this.#forks.get(name);
    if (row === undefined) return undefined;
    const { version, incarnation, state, error } = row;
    const known = state === "unmuting" ? "swapping" : state;
    if (known === "paused" || known === "failed") return undefined;
    return { version, incarnation, state: known, inputs: this.#inputsOf(row), error: error ?? undefined };
  }

  #recordOf(listed: Plan): PipelineRecord {
    const newest = this.#next(listed.name) ?? listed;
    const row = this.#parts.table.get(newest.name);
    const begun = row !== undefined && row.version >= newest.version;
    const plan = (row && this.#parts.plans.get(row.name, row.version)) ?? newest;
    const { nodes, mermaid, text, trigger, sources, stores } = this.#parts.plans.describe(plan);
    return {
      name: plan.name,
      version: row?.version ?? plan.version,
      incarnation: row?.incarnation ?? 0,
      state: stateOf(row),
      sources,
      trigger,
      stores: this.#storesOf(plan, stores),
      inputs: row === undefined ? [] : this.#inputsOf(row),
      fork: this.#forkRecordOf(plan.name),
      deadLetters: this.#parts.topics.table.open(plan.deadLetterTopic),
      topology: { nodes, mermaid, text },
      error: (begun ? row.error : this.#obstacle(newest)) ?? undefined,
    };
  }

  #recordOfGone(row: PipelineRow): PipelineRecord {
    const { name, version, incarnation } = row;
    const error = `the bundle has no pipeline ${name}: deploy it again`;
    const topology = { nodes: [], mermaid: "", text: "" };
    const inputs = this.#inputsOf(row);
    return {
      name,
      version,
      incarnation,
      state: "failed",
      sources: [],
      trigger: "",
      stores: [],
      inputs,
      topology,
      error,
    };
  }

  /** Those of tasks whose topic is there. */
  #inputsOf(row: PipelineRow): PipelineInput[] {
    return topicsReadBy(row).flatMap(({ input, topic }) => {
      const open = this.#parts.topics.table.open(topic);
      return open === undefined ? [] : [{ input, topicId: open.topicId, partitions: open.partitions }];
    });
  }

  /** With the input of the tasks that keep each. */
  #storesOf({ name, version }: Plan, stores: readonly StoreDescription[]): PipelineStore[] {
    const tasks = this.#parts.plans.graph(name, version)?.tasks ?? [];
    return stores.flatMap((store) => {
      const task = tasks.find(({ nodes }) => nodes.flatMap(storesOf).some((kept) => kept.name === store.name));
      return task === undefined ? [] : [{ ...store, input: task.input }];
    });
  }
}

/** The other states are of forks. */
function stateOf(row: PipelineRow | undefined): PipelineRecord["state"] {
  const state = row?.state;
  return state === "running" || state === "paused" || state === "failed" ? state : "bootstrapping";
}

function unknownPipeline(name: string): Refusal {
  return refuse("not_found", `there is no pipeline ${name}`, { hint: "Add it to pipelines/index.ts and deploy" });
}

function notStarted(name: string): Refusal {
  return refuse("pipeline_paused", `pipeline ${name} has not started`, {
    hint: "GET /v1/pipelines says what it waits for",
  });
}
