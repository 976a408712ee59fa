import { cutPlan } from "../durable-objects/core/plan/cut.ts";
import { startOrder } from "../durable-objects/core/plan/start-order.ts";
import type { TaskGraph, TaskPlan } from "../durable-objects/core/plan/task-plan.ts";
import { isInternal } from "../schema/internal-topic.ts";
import { partitionsFor, upstreamRanges } from "../durable-objects/core/plan/upstreams.ts";
import type { OutboxRow, TaskOutput } from "../durable-objects/core/task/task-port.ts";
import type { UpstreamRange } from "../durable-objects/core/task/upstream-times.ts";
import type { DeadLetter } from "../schema/dead-letter.ts";
import { STATE_CACHE_BYTES } from "../schema/limits.ts";
import type { Plan } from "../schema/plan.ts";
import { unlogged } from "./logged.ts";
import type { TestLookups } from "./test-lookups.ts";
import { TestPartition } from "./test-partition.ts";

/** More often no records go round that stop by themselves in a test. */
const MAX_ROUNDS = 10_000;

/** All tasks of a pipeline over their partitions; what one sends to an internal topic of the pipeline is another's input. */
export class TestTasks {
  readonly #graph: TaskGraph;
  readonly #byInput = new Map<string, readonly TestPartition[]>();

  readonly #lookups: TestLookups;

  /** Every topic that the pipeline reads has so many partitions. */
  constructor(plan: Plan, { partitions, lookups }: { readonly partitions: number; readonly lookups: TestLookups }) {
    this.#graph = cutPlan(plan);
    this.#lookups = lookups;
    const counts = new Map<string, number>();
    for (const task of this.#graph.tasks) counts.set(task.input, this.#countOf(task.input, counts) ?? partitions);
    for (const task of this.#graph.tasks) this.#byInput.set(task.input, this.#open(task, counts));
  }

  get partitions(): readonly TestPartition[] {
    return [...this.#byInput.values()].flat();
  }

  partitionsOf(topic: string): readonly TestPartition[] {
    return this.#byInput.get(topic) ?? [];
  }

  /** Users' topics, in the steps in which they are begun. */
  get startOrder(): readonly (readonly string[])[] {
    return startOrder(this.#graph).map(({ tasks }) => tasks.map(({ input }) => input));
  }

  /** Those whose task runs this node. */
  partitionsWith(node: string): readonly TestPartition[] {
    const task = this.#graph.tasks.find(({ nodes }) =>
      nodes.some(({ name, kind }) => name === node && kind !== "internalSource"),
    );
    return this.partitionsOf(task?.input ?? "");
  }

  /** Of the last task that has one, over its partitions the least. */
  get watermarkMs(): number | undefined {
    const byTask = [...this.#byInput.values()].map((task) => task.flatMap(({ watermarkMs }) => watermarkMs ?? []));
    const last = byTask.findLast((watermarks) => watermarks.length > 0);
    return last && Math.min(...last);
  }

  get waiting(): number {
    return this.partitions.reduce((sum, { waiting }) => sum + waiting, 0);
  }

  /** Runs all that waits and all that it causes; answers what leaves the pipeline, in order. */
  run(nowMs: number): Generator<OutboxRow> {
    return this.#runAll(this.partitions, nowMs);
  }

  *#runAll(those: readonly TestPartition[], nowMs: number): Generator<OutboxRow> {
    let rounds = 0;
    do {
      if (++rounds > MAX_ROUNDS)
        throw new Error("Records go round and round: what the pipeline reads it writes again.");
      for (const partition of those) {
        yield* [...partition.run(nowMs)].filter((row) => !this.#delivered(row, nowMs));
      }
    } while (those.some(({ waiting }) => waiting > 0));
  }

  /** Nodes that records wait for. */
  get lookedUp(): readonly string[] {
    return [...new Set(this.partitions.flatMap(({ unanswered }) => unanswered.map(({ node }) => node)))];
  }

  /** Runs the slices that wait for lookups, and what they cause in internal topics; answers what leaves the pipeline. */
  async answer(nowMs: number): Promise<readonly OutboxRow[]> {
    const left: OutboxRow[] = [];
    for (const partition of this.partitions.filter(({ unanswered }) => unanswered.length > 0)) {
      const rows = await partition.answer(nowMs);
      left.push(...rows.filter((row) => !this.#delivered(row, nowMs)));
    }
    left.push(...this.#runAll(this.#behindTopics, nowMs));
    return left;
  }

  get #behindTopics(): readonly TestPartition[] {
    return [...this.#byInput].flatMap(([input, partitions]) => (isInternal(input) ? partitions : []));
  }

  /** When a task is to be woken next, if nothing comes; undefined when none is. */
  get dueMs(): number | undefined {
    const due = this.partitions.map(({ dueMs }) => dueMs).filter((ms) => ms !== undefined);
    return due.length === 0 ? undefined : Math.min(...due);
  }

  /** Wakes the tasks that are due; answers what leaves the pipeline, in order. */
  *wake(nowMs: number): Generator<OutboxRow> {
    for (const partition of this.partitions) {
      if ((partition.dueMs ?? Infinity) > nowMs) continue;
      yield* [...partition.wake(nowMs)].filter((row) => !this.#delivered(row, nowMs));
    }
  }

  /** Runs dead letters again, each in its task; answers what leaves the pipeline, in order. */
  *redrive(letters: readonly DeadLetter[], nowMs: number): Generator<OutboxRow> {
    for (const [topic, partitions] of this.#byInput) {
      for (const [number, partition] of partitions.entries()) {
        const own = letters.filter(({ task }) => task.topic === topic && task.partition === number);
        yield* partition.redrive(own, nowMs).filter((row) => !this.#delivered(row, nowMs));
      }
    }
  }

  /** Answers whether it stays in the pipeline. What goes to a topic that the pipeline reads comes in there as well. */
  #delivered({ target, body }: OutboxRow, nowMs: number): boolean {
    const slash = target.lastIndexOf("/");
    const topic = target.slice("topic:".length, slash);
    if (!target.startsWith("topic:")) return false;
    const partition = this.partitionsOf(topic)[Number(target.slice(slash + 1))];
    if (isInternal(topic)) partition?.deliver(body, nowMs);
    else partition?.append([...unlogged(body)], nowMs);
    return isInternal(topic);
  }

  #open(plan: TaskPlan, counts: ReadonlyMap<string, number>): TestPartition[] {
    const upstreams = this.#upstreamsOf(plan.input, counts);
    return Array.from({ length: counts.get(plan.input) ?? 1 }, (_, partition) => {
      const outputs = this.#outputsOf(plan, { partition, counts });
      const ports = { topic: plan.input, partition, outputs, upstreams, cacheBytes: STATE_CACHE_BYTES };
      return new TestPartition(plan, ports, this.#lookups);
    });
  }

  /** Of an internal topic; the logs it is written from are counted before. */
  #countOf(input: string, counts: ReadonlyMap<string, number>): number | undefined {
    const topic = this.#graph.internalTopics.find(({ name }) => name === input);
    return topic === undefined ? undefined : partitionsFor(topic, (upstream) => counts.get(upstream) ?? 1);
  }

  #outputsOf(
    { nodes, deadLetterTopic }: TaskPlan,
    at: { partition: number; counts: ReadonlyMap<string, number> },
  ): { [topic: string]: TaskOutput } {
    const outputs: { [topic: string]: TaskOutput } = { [deadLetterTopic]: { partitions: 1 } };
    for (const node of nodes) {
      if (node.kind === "sink" && node.sink.kind === "topic")
        outputs[node.sink.topic] = { partitions: at.counts.get(node.sink.topic) ?? 1 };
      if (node.kind === "internalSink") {
        const ranges = this.#upstreamsOf(node.topic, at.counts);
        const upstream = (ranges[node.tag]?.from ?? 0) + at.partition;
        const upstreams = Math.max(...ranges.map(({ to }) => to));
        outputs[node.topic] = { partitions: at.counts.get(node.topic) ?? 1, upstream, upstreams };
      }
    }
    return outputs;
  }

  /** Tasks that write an internal topic are numbered by input, then by partition. */
  #upstreamsOf(input: string, counts: ReadonlyMap<string, number>): UpstreamRange[] {
    const topic = this.#graph.internalTopics.find(({ name }) => name === input);
    return topic === undefined ? [] : upstreamRanges(topic, (upstream) => counts.get(upstream) ?? 1);
  }
}
