import { type Answer, refuse } from "../../schema/error.ts";
import { FOREVER } from "../../schema/limits.ts";
import type { Plan } from "../../schema/plan.ts";
import type { AttachRequest, OutputTopic, StartFrom, TaskStart } from "../../schema/rpc/task.ts";
import { assert } from "../core/assert.ts";
import { wiringOf } from "../core/plan/identity.ts";
import { startOrder } from "../core/plan/start-order.ts";
import type { TaskGraph, TaskPlan } from "../core/plan/task-plan.ts";
import { isInternal } from "../../schema/internal-topic.ts";
import { partitionsFor, upstreamRanges } from "../core/plan/upstreams.ts";
import type { Env } from "../env.ts";
import type { Plans } from "../plans.ts";
import type { WallClock } from "../wall-clock.ts";
import type { Outputs } from "./outputs.ts";
import { onEveryPartition } from "./partitions.ts";
import type { PipelineRow, PipelineTable } from "./pipeline-table.ts";
import {
  forkOf,
  inputsOf,
  isFork,
  listOf,
  outputsOf,
  sourcesOf,
  topicName,
  topicsReadBy,
  writes,
} from "./pipeline-topics.ts";
import type { TopicRow } from "./topic-table.ts";
import type { Topics } from "./topics.ts";

/** How long one call waits for what tasks that ended have to deliver, and for groups of tasks that begin, ms. */
const WAIT_MS = 2_000;

/** Heads the reason of a start that waits for tables. */
export const CATCHING_UP = "streams wait for their tables";

export interface StarterParts {
  readonly table: PipelineTable;
  readonly topics: Topics;
  readonly plans: Plans;
  readonly clock: WallClock;
  readonly namespace: Env["PARTITION"];
  readonly outputs: Outputs;
  readonly nextIncarnation: () => number;
}

/** How a version begins: where in users' topics, after what former ones wrote has gone, or muted beside the one that runs. */
export interface How {
  readonly from?: StartFrom;
  readonly erase?: boolean;
  readonly fork?: boolean;
}

interface Start {
  readonly plan: Plan;
  readonly graph: TaskGraph;
  readonly row: PipelineRow;
  /** By what the tasks read, internal topics included. */
  readonly inputs: ReadonlyMap<string, TopicRow>;
  readonly outputs: AttachRequest["outputs"];
  /** Where tasks on users' topics have begun, filled while they are attached. */
  readonly starts: TaskStart[];
  /** Where their logs ended then, by topic and partition, of those that others wait for. */
  readonly ends: Map<string, number>;
}

/** What came of a start, for now. */
export interface Started {
  readonly starts: readonly TaskStart[];
  /** Streams wait for their tables, which are being read. */
  readonly catchingUp: boolean;
}

/**
 * Takes a version of a pipeline from nothing to running. Each step may be done again: a start that was interrupted is
 * finished by the next one, under the same incarnation (CAT-9).
 */
export class Starter {
  readonly #parts: StarterParts;

  constructor(parts: StarterParts) {
    this.#parts = parts;
  }

  /** `known` is what is known of the pipeline: an earlier version, or a start of this one that was interrupted. */
  async start(plan: Plan, known: PipelineRow | undefined, how: How = {}): Promise<Started> {
    const { table, plans } = this.#parts;
    const outputs = await this.#outputs(plan);
    const graph = plans.graph(plan.name, plan.version);
    if (outputs === undefined || graph === undefined) return { starts: [], catchingUp: false };
    const starts: TaskStart[] = [];
    const row = this.#begin({ plan, graph, ...how }, known);
    const done = await this.#finish({ plan, graph, row, outputs, starts, ends: new Map() });
    if (done.ok) table.setState(row.name, "running", null);
    else table.setState(row.name, "bootstrapping", done.message);
    return { starts, catchingUp: !done.ok && done.message.startsWith(CATCHING_UP) };
  }

  /** Users' topics that the plan writes; undefined while one is missing. */
  async #outputs(plan: Plan): Promise<AttachRequest["outputs"] | undefined> {
    const { topics } = this.#parts;
    const { deadLetterTopic } = plan;
    if (topics.table.open(deadLetterTopic) === undefined) {
      const created = await topics.create({ topic: deadLetterTopic, partitions: 1, config: {} });
      if (!created.ok) return undefined;
    }
    const names = [...new Set([...outputsOf(plan), deadLetterTopic])];
    const rows = names.flatMap((name) => topics.table.open(name) ?? []);
    if (rows.length < names.length) return undefined;
    return Object.fromEntries(rows.map(({ topic, topicId, partitions }) => [topic, { topicId, partitions }]));
  }

  /** From here on the incarnation is known, and so are the topics in which something of it, or of former ones, may be. */
  #begin(
    { plan, graph, from = "earliest", erase = false, fork = false }: { plan: Plan; graph: TaskGraph } & How,
    known: PipelineRow | undefined,
  ): PipelineRow {
    const { table, nextIncarnation } = this.#parts;
    const { name, version, deadLetterTopic } = plan;
    // A fork that is asked for again is the same one.
    const begun = known?.version === version && (fork || known.state === "bootstrapping");
    const left = known === undefined || begun ? [] : topicsReadBy(known).map(({ topic }) => topic);
    const incarnation = begun ? known.incarnation : nextIncarnation();
    // One that goes on from the latest offset adds to what there is.
    const before = erase || from === "earliest" ? [] : liveOf(known);
    const row: PipelineRow = {
      name: fork ? forkOf(name) : name,
      version,
      incarnation,
      state: "bootstrapping",
      sources: JSON.stringify(sourcesOf(plan)),
      outputs: JSON.stringify([...outputsOf(plan), deadLetterTopic]),
      inputs: JSON.stringify(inputsOf(graph)),
      former: JSON.stringify([...new Set([...listOf(known?.former ?? null), ...left])]),
      // Why an earlier attempt did not come to its end, until this one does.
      error: begun ? known.error : null,
      startFrom: begun ? known.startFrom : from,
      erasing: begun ? known.erasing : erase,
      erasedTo: begun ? known.erasedTo : null,
      live: begun ? known.live : JSON.stringify([...before, incarnation]),
    };
    table.put(row);
    return row;
  }

  async #finish(begun: Omit<Start, "inputs">): Promise<Answer> {
    const inputs = await this.#open(begun);
    if (!inputs.ok) return inputs;
    const start = { ...begun, inputs: inputs.topics };
    const free = start.row.erasing === true ? await this.#erase(start) : await this.#waitForFormer(start);
    if (!free.ok) return free;
    if (!isFork(start.row.name)) await this.tellLive(start.plan, start.row);
    const attached = await this.#attachAll(start);
    if (attached.ok) await this.retireFormer(start.row.name);
    return attached;
  }

  /** Creates the internal topics. */
  async #open({
    row,
    graph,
  }: Omit<Start, "inputs">): Promise<Answer<{ readonly topics: ReadonlyMap<string, TopicRow> }>> {
    const { topics } = this.#parts;
    const open = new Map<string, TopicRow>();
    const partitionsOf = (input: string): number => open.get(input)?.partitions ?? 1;
    for (const input of inputsOf(graph)) {
      const internal = graph.internalTopics.find(({ name }) => name === input);
      if (internal !== undefined) {
        const config = { retentionMs: FOREVER, retentionBytes: FOREVER };
        const partitions = partitionsFor(internal, partitionsOf);
        const created = await topics.create({ topic: topicName(row, input), partitions, config });
        if (!created.ok) return created;
      }
      const topic = topics.table.open(topicName(row, input));
      if (topic === undefined) return refuse("unknown_topic", `waits for topic ${input}`);
      open.set(input, topic);
    }
    return { ok: true, topics: open };
  }

  /**
   * What former incarnations still have to deliver comes before what the new one sends to the same targets (ENG-11). An
   * object sees to that for the tasks in it; where tasks are in other objects than before, the new ones wait.
   */
  async #waitForFormer({ plan, graph, row }: Start): Promise<Answer> {
    const former = listOf(row.former);
    const moved = graph.internalTopics.length > 0 || former.some((topic) => !sourcesOf(plan).includes(topic));
    if (former.length === 0 || !moved) return { ok: true };
    const left = await this.retireFormer(row.name);
    const target = left.find((each) => writes(plan, each));
    if (target === undefined) return { ok: true };
    return refuse("timed_out", `waits for what the version before it has still to deliver to ${target}`);
  }

  /**
   * What former incarnations wrote into the pipeline's tables and prefixes goes, before anything of the new one can come
   * (CAT-21). What they had still to deliver there is dropped; what is on its way is waited for.
   */
  async #erase({ plan, row }: Start): Promise<Answer> {
    const { table, outputs } = this.#parts;
    const left = await this.retireFormer(row.name, { drop: true });
    const target = left.find((each) => !each.startsWith("topic:"));
    if (target !== undefined) return refuse("timed_out", `waits for what is on its way to ${target}`);
    for (const node of plan.nodes) {
      if (node.kind !== "sink") continue;
      const { sink } = node;
      if (sink.kind === "d1") await outputs.eraseTable(sink, { pipeline: row.name, before: row.incarnation });
      if (sink.kind === "r2" && !(await this.#eraseFiles(sink.prefix, row)))
        return refuse("timed_out", `deletes files under ${sink.prefix}`);
    }
    table.setErased(row.name);
    return { ok: true };
  }

  /** Goes on behind what earlier attempts have looked at: there may be any number of files that are not the pipeline's. */
  #eraseFiles(prefix: string, { name, incarnation }: PipelineRow): Promise<boolean> {
    const { table, outputs } = this.#parts;
    return outputs.eraseFiles(prefix, {
      before: incarnation,
      after: table.erasedTo(name, prefix),
      reached: (key) => table.setErasedTo(name, prefix, key),
    });
  }

  /** Says beside each prefix whose files count. */
  async tellLive({ nodes }: Plan, { name, version, incarnation, live }: PipelineRow): Promise<void> {
    const incarnations = liveOf({ incarnation, live });
    for (const node of nodes) {
      if (node.kind === "sink" && node.sink.kind === "r2")
        await this.#parts.outputs.writeManifest(node.sink.prefix, { pipeline: name, version, incarnations });
    }
    if (live === null) this.#parts.table.setLive(name, incarnations);
  }

  /**
   * Ends what is left of former incarnations, and deletes their internal topics once nothing in them is to be delivered any
   * more. Answers the targets for which something is.
   */
  async retireFormer(pipeline: string, { drop = false } = {}): Promise<readonly string[]> {
    const { table, topics, namespace, clock } = this.#parts;
    const row = table.get(pipeline);
    const deadlineMs = clock.now() + WAIT_MS;
    const remaining: string[] = [];
    const left: string[] = [];
    for (const topic of listOf(row?.former ?? null)) {
      const open = topics.table.open(topic);
      const here: string[] = [];
      const waitMs = Math.max(0, deadlineMs - clock.now());
      const request = { pipeline, before: row?.incarnation ?? 0, waitMs, drop };
      if (open !== undefined) {
        await onEveryPartition(namespace, open, async (stub) => {
          const answer = await stub.retire(request);
          if (answer.ok) here.push(...answer.left);
          return answer;
        });
      }
      left.push(...here);
      if (here.length > 0) remaining.push(topic);
      else if (isInternal(topic) && topics.table.get(topic) !== undefined) await topics.delete(topic);
    }
    table.setFormer(pipeline, JSON.stringify(remaining));
    return left;
  }

  /**
   * Every task is attached at once, so that all begin where their logs stand now and nothing of them is let go; those on
   * topics of streams that are joined with tables wait until the tables are there (CAT-23).
   */
  async #attachAll(start: Start): Promise<Answer> {
    const steps = startOrder(start.graph);
    const first = new Set(steps.flatMap(({ after }) => after.map(({ input }) => input)));
    const held = new Set(steps.slice(1).flatMap(({ tasks }) => tasks.map(({ input }) => input)));
    // Readers begin before those that write to them.
    for (const task of start.graph.tasks.toReversed()) {
      const order = held.has(task.input) ? "held" : first.has(task.input) ? "first" : undefined;
      const attached = await this.#attach(start, task, order);
      if (!attached.ok) return attached;
    }
    for (const { tasks, after } of steps.slice(1)) {
      const ready = await this.#catchUp(start, after);
      if (!ready.ok) return ready;
      for (const task of tasks) {
        const { name: pipeline } = start.plan;
        const request = { pipeline, incarnation: start.row.incarnation, only: "paused" } as const;
        const resumed = await this.#onTask(start, task, (stub) => stub.resume(request));
        if (!resumed.ok) return resumed;
      }
    }
    return { ok: true };
  }

  #attach(start: Start, task: TaskPlan, order: AttachRequest["order"]): Promise<Answer> {
    return this.#onTask(start, task, async (stub, partition) => {
      const answer = await stub.attach({ ...this.#request(start, task), order });
      if (!answer.ok || isInternal(task.input)) return answer;
      start.starts.push({ topic: task.input, partition, offset: answer.startOffset });
      start.ends.set(`${task.input}/${partition}`, answer.endOffset);
      return answer;
    });
  }

  /** What these tasks found in their logs is processed, through the internal topics between them. */
  async #catchUp(start: Start, tasks: readonly TaskPlan[]): Promise<Answer> {
    const { name: pipeline } = start.plan;
    const { incarnation } = start.row;
    for (const task of tasks) {
      const reached = await this.#onTask(start, task, (stub, partition) => {
        const to = isInternal(task.input) ? undefined : start.ends.get(`${task.input}/${partition}`);
        return stub.drain({ pipeline, incarnation, timeoutMs: WAIT_MS, to, within: true });
      });
      if (!reached.ok) return { ...reached, message: `${CATCHING_UP}: ${reached.message}` };
    }
    return { ok: true };
  }

  #onTask({ inputs }: Start, { input }: TaskPlan, call: Parameters<typeof onEveryPartition>[2]): Promise<Answer> {
    const topic = inputs.get(input);
    assert(topic !== undefined, `what the task of ${input} reads was opened before`);
    return onEveryPartition(this.#parts.namespace, topic, call);
  }

  #request({ plan, graph, row, inputs, outputs }: Start, { input, nodes }: TaskPlan): AttachRequest {
    const partitionsOf = (each: string): number => inputs.get(each)?.partitions ?? 1;
    const rangesOf = (topic: string): AttachRequest["upstreams"] => {
      const internal = graph.internalTopics.find(({ name }) => name === topic);
      return internal === undefined ? [] : upstreamRanges(internal, partitionsOf);
    };
    const internalOutputs = nodes.flatMap((node): (readonly [string, OutputTopic])[] => {
      const topic = node.kind === "internalSink" ? inputs.get(node.topic) : undefined;
      if (node.kind !== "internalSink" || topic === undefined) return [];
      const { topicId, partitions } = topic;
      const ranges = rangesOf(node.topic);
      const upstreams = Math.max(...ranges.map(({ to }) => to));
      return [[node.topic, { topicId, partitions, from: ranges[node.tag]?.from ?? 0, upstreams }]];
    });
    return {
      pipeline: plan.name,
      version: plan.version,
      incarnation: row.incarnation,
      from: isInternal(input) ? "earliest" : (row.startFrom ?? "earliest"),
      input,
      outputs: { ...outputs, ...Object.fromEntries(internalOutputs) },
      upstreams: rangesOf(input),
      wiring: wiringOf(graph),
      muted: isFork(row.name),
    };
  }
}

/** Incarnations whose files count. */
export function liveOf(row: Pick<PipelineRow, "incarnation" | "live"> | undefined): number[] {
  if (row === undefined) return [];
  return row.live === null ? [row.incarnation] : (JSON.parse(row.live) as number[]);
}
