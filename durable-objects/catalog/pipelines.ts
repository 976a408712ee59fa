import { type Answer, refuse, type Refusal } from "../../schema/error.ts";
import type { Plan } from "../../schema/plan.ts";
import type { AttachRequest, PipelineRecord, TableDescription } from "../../schema/rpc.ts";
import { checkPlan } from "../core/plan/check.ts";
import { describePlan } from "../core/plan/describe.ts";
import type { Env } from "../env.ts";
import type { Plans } from "../plans.ts";
import { onEveryPartition } from "./partitions.ts";
import type { PipelineRow, PipelineTable } from "./pipeline-table.ts";
import type { Topics } from "./topics.ts";

interface Parts {
  readonly table: PipelineTable;
  readonly topics: Topics;
  readonly plans: Plans;
  readonly namespace: Env["PARTITION"];
  readonly nextIncarnation: () => number;
}

/** Which pipelines of the bundle run, from which incarnation on. */
export class Pipelines {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  records(): PipelineRecord[] {
    const { table, plans } = this.#parts;
    const newest = plans.newest();
    const gone = table.all().filter((row) => newest.every((plan) => plan.name !== row.name));
    return [...newest.map((plan) => this.#recordOf(plan)), ...gone.map(recordOfGone)].sort((a, b) =>
      a.name < b.name ? -1 : 1,
    );
  }

  record(name: string): Answer<{ readonly pipeline: PipelineRecord }> {
    const pipeline = this.records().find((record) => record.name === name);
    return pipeline === undefined ? unknownPipeline(name) : { ok: true, pipeline };
  }

  /** Pipelines that read or write the topic, dead letters included, and have not failed. */
  holdersOf(topic: string): string[] {
    const live = this.#parts.table.all().filter((row) => row.state !== "failed");
    return live
      .filter((row) => topicsOf(row.sources).includes(topic) || topicsOf(row.outputs).includes(topic))
      .map((row) => row.name);
  }

  tables(): TableDescription[] {
    return this.#parts.plans
      .newest()
      .flatMap((plan) =>
        describePlan(plan).sinks.flatMap(({ kind, name, columns }) =>
          kind === "d1" ? [{ table: name, pipeline: plan.name, columns: columns ?? [] }] : [],
        ),
      );
  }

  /** Starts what can start: a plan that is new, or of a higher version than the one that runs (ENG-11). */
  async startAll(): Promise<void> {
    for (const plan of this.#parts.plans.newest()) {
      const row = this.#parts.table.get(plan.name);
      const begun = row !== undefined && row.version >= plan.version;
      if (begun && row.state !== "bootstrapping") continue;
      if (this.#obstacle(plan) === undefined) await this.#start(plan, begun ? row.incarnation : undefined);
    }
  }

  async #start(plan: Plan, begun: number | undefined): Promise<void> {
    const { table, topics } = this.#parts;
    const { name, version, deadLetterTopic } = plan;
    if (topics.table.open(deadLetterTopic) === undefined) {
      const created = await topics.create({ topic: deadLetterTopic, partitions: 1, config: {} });
      if (!created.ok) return;
    }
    const names = [...outputsOf(plan), deadLetterTopic];
    const outputs = this.#resolve(names);
    if (names.some((topic) => outputs[topic] === undefined)) return;
    const sources = sourcesOf(plan);
    const left = topicsOf(table.get(name)?.sources ?? "[]").filter((topic) => !sources.includes(topic));
    const incarnation = begun ?? this.#parts.nextIncarnation();
    const lists = { sources: JSON.stringify(sources), outputs: JSON.stringify(names) };
    table.put({ name, version, incarnation, state: "bootstrapping", error: null, ...lists });
    const request: AttachRequest = { pipeline: name, version, incarnation, from: "earliest", outputs };
    const started = await this.#onTopics(sources, (stub) => stub.attach(request));
    if (!started.ok) return table.setState(name, "bootstrapping", started.message);
    const detached = await this.#onTopics(left, (stub) => stub.detach({ pipeline: name }));
    if (!detached.ok) return table.setState(name, "bootstrapping", detached.message);
    table.setState(name, "running", null);
  }

  #resolve(names: readonly string[]): AttachRequest["outputs"] {
    const rows = names.flatMap((name) => this.#parts.topics.table.open(name) ?? []);
    return Object.fromEntries(rows.map(({ topic, topicId, partitions }) => [topic, { topicId, partitions }]));
  }

  /** Why a plan cannot start; undefined when it can. */
  #obstacle(plan: Plan): string | undefined {
    const checked = checkPlan(plan);
    if (!checked.ok) return checked.hint === undefined ? checked.message : `${checked.message}. ${checked.hint}`;
    const { problem } = this.#parts.plans;
    if (problem !== undefined) return problem;
    const missing = [...sourcesOf(plan), ...outputsOf(plan)].find(
      (name) => this.#parts.topics.table.open(name) === undefined,
    );
    return missing === undefined ? undefined : `waits for topic ${missing}: create it with PUT /v1/topics/${missing}`;
  }

  async setState(name: string, state: "running" | "paused"): Promise<Answer> {
    const row = this.#parts.table.get(name);
    if (row === undefined) return this.record(name).ok ? notStarted(name) : unknownPipeline(name);
    const call = state === "paused" ? "pause" : "resume";
    const answer = await this.#onTasks(name, (stub) => stub[call]({ pipeline: name }));
    if (answer.ok) this.#parts.table.setState(name, state, null);
    return answer;
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
      await this.#onTasks(row.name, async (stub) => {
        // One partition in trouble must not keep the others asleep.
        await stub
          .touch({})
          .catch((error: unknown) => console.error(`a partition of ${row.name} cannot be woken:`, error));
        return { ok: true };
      });
    }
  }

  async #onTasks(name: string, call: Parameters<typeof onEveryPartition>[2]): Promise<Answer> {
    return this.#onTopics(topicsOf(this.#parts.table.get(name)?.sources ?? "[]"), call);
  }

  async #onTopics(names: readonly string[], call: Parameters<typeof onEveryPartition>[2]): Promise<Answer> {
    for (const source of names) {
      const topic = this.#parts.topics.table.open(source);
      if (topic === undefined) continue;
      const answer = await onEveryPartition(this.#parts.namespace, topic, call);
      if (!answer.ok) return answer;
    }
    return { ok: true };
  }

  #recordOf(plan: Plan): PipelineRecord {
    const row = this.#parts.table.get(plan.name);
    const begun = row !== undefined && row.version >= plan.version;
    const { nodes, mermaid, trigger, stores, sources } = describePlan(plan);
    return {
      name: plan.name,
      version: row?.version ?? plan.version,
      incarnation: row?.incarnation ?? 0,
      state: row?.state ?? "bootstrapping",
      sources,
      trigger,
      stores,
      topology: { nodes, mermaid },
      error: (begun ? row.error : this.#obstacle(plan)) ?? undefined,
    };
  }
}

function topicsOf(list: string): string[] {
  return JSON.parse(list) as string[];
}

function recordOfGone({ name, version, incarnation }: PipelineRow): PipelineRecord {
  const error = `the bundle has no pipeline ${name}: deploy it again`;
  const topology = { nodes: [], mermaid: "" };
  return { name, version, incarnation, state: "failed", sources: [], trigger: "", stores: [], topology, error };
}

function sourcesOf(plan: Plan): string[] {
  return [...new Set(plan.nodes.flatMap((node) => (node.kind === "source" ? [node.topic] : [])))];
}

/** Users' topics it writes; the dead-letter topic is made for it. */
function outputsOf(plan: Plan): string[] {
  return plan.nodes.flatMap((node) => (node.kind === "sink" && node.sink.kind === "topic" ? [node.sink.topic] : []));
}

function unknownPipeline(name: string): Refusal {
  return refuse("not_found", `there is no pipeline ${name}`, { hint: "Add it to pipelines/index.ts and deploy" });
}

function notStarted(name: string): Refusal {
  return refuse("pipeline_paused", `pipeline ${name} has not started`, {
    hint: "GET /v1/pipelines says what it waits for",
  });
}
