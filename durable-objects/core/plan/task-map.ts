import type { Plan, WatermarkDefinition } from "../../../schema/plan.ts";
import { closeWhenIdleMs } from "./close-when-idle.ts";
import { stepOf } from "./requirements.ts";
import type { InternalInput, TaskGraph, TaskNode } from "./task-plan.ts";

interface Topic {
  readonly partitions: number | undefined;
  readonly inputs: InternalInput[];
}

/** Records of a node that go from its task into an internal topic. */
export interface Way {
  readonly node: string;
  readonly home: string;
  readonly topic: string;
  /** The name by which they enter there. */
  readonly as: string;
  readonly partitions?: number | undefined;
  readonly broadcast?: boolean | undefined;
  readonly changes: boolean;
  readonly watermark: (WatermarkDefinition & { readonly delayMs: number }) | undefined;
}

/** The tasks of a plan while it is cut, by their inputs, and the internal topics between them. */
export class TaskMap {
  /** In the order in which each became known. */
  readonly #tasks = new Map<string, TaskNode[]>();
  readonly #topics = new Map<string, Topic>();

  /** To be added to. */
  nodesOf(task: string): TaskNode[] {
    let nodes = this.#tasks.get(task);
    if (nodes === undefined) this.#tasks.set(task, (nodes = []));
    return nodes;
  }

  /** The task reads an internal topic. */
  internal(task: string): boolean {
    return this.#topics.has(task);
  }

  cross({ node, home, topic, as, partitions, broadcast = false, changes, watermark }: Way): void {
    const known = this.#topics.get(topic) ?? { partitions, inputs: [] };
    this.#topics.set(topic, known);
    const tag = known.inputs.length;
    known.inputs.push({ node, input: home, ...(changes ? { changes } : {}) });
    const name = `${topic}.${tag}`;
    this.nodesOf(home).push({ kind: "internalSink", name, topic, tag, broadcast, inputs: [node], changes });
    this.nodesOf(topic).push({ kind: "internalSource", name: as, inputs: [], tag, watermark });
  }

  /** Whether what one task writes comes to the other, however far behind it. */
  behind(task: string, other: string): boolean {
    if (task === other) return true;
    return (this.#topics.get(other)?.inputs ?? []).some(({ input }) => this.behind(task, input));
  }

  graph(plan: Plan): TaskGraph {
    const inputs = this.#inOrder();
    const internalTopics = inputs.flatMap((name) => {
      const topic = this.#topics.get(name);
      return topic === undefined ? [] : [{ name, ...topic }];
    });
    const steps = this.#steps(inputs);
    const closing = this.#closing(inputs);
    const sends = (input: string): boolean =>
      this.nodesOf(input).some((node) => node.kind === "internalSink" && steps.has(node.topic));
    const tasks = inputs.map((input) => ({
      ...plan,
      input,
      nodes: this.nodesOf(input).map((node) =>
        node.kind === "internalSink"
          ? {
              ...node,
              stepMs: steps.get(node.topic),
              relayed: sends(node.topic),
              closesAfterMs: closing.get(node.topic),
            }
          : node,
      ),
    }));
    return { tasks, internalTopics };
  }

  /** A task stands after those that write its input, else in the order in which it became known. */
  #inOrder(): readonly string[] {
    const order = new Set<string>();
    const add = (task: string): void => {
      if (order.has(task)) return;
      for (const { input } of this.#topics.get(task)?.inputs ?? []) add(input);
      order.add(task);
    };
    for (const task of this.#tasks.keys()) add(task);
    return [...order];
  }

  /** By internal topic: the finest step of time that its task or one behind it minds. Tasks behind come last. */
  #steps(inputs: readonly string[]): ReadonlyMap<string, number> {
    const steps = new Map<string, number>();
    for (const input of inputs.toReversed()) {
      const minded = this.nodesOf(input).flatMap((node) => {
        const step = node.kind === "internalSink" ? steps.get(node.topic) : stepOf(node);
        return step === undefined ? [] : [step];
      });
      if (minded.length > 0) steps.set(input, Math.max(1, Math.min(...minded)));
    }
    return steps;
  }

  /** By input: after how much quiet the first thing closes in its task or in one behind it. Tasks behind come last. */
  #closing(inputs: readonly string[]): ReadonlyMap<string, number> {
    const closing = new Map<string, number>();
    const closesAfter = (node: TaskNode): number =>
      node.kind === "internalSink" ? (closing.get(node.topic) ?? Infinity) : closeWhenIdleMs(node);
    for (const input of inputs.toReversed()) {
      const ms = Math.min(...this.nodesOf(input).map(closesAfter));
      if (ms < Infinity) closing.set(input, ms);
    }
    return closing;
  }
}
