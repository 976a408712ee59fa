import type { Plan, PlanNode, RepartitionNode, WatermarkDefinition } from "../../../schema/plan.ts";
import { assert } from "../assert.ts";
import { changesRead } from "./changes.ts";
import { retentionOf } from "../operator/join-windows.ts";
import { AS_READ, type Keys, keysAfter, placed } from "./keys.ts";
import type { InternalInput, TaskGraph, TaskNode } from "./task-plan.ts";
import { stepMsOf } from "./windows.ts";

/**
 * Cuts a plan at its internal topics (PLAN-10). A node runs where its inputs are. What keeps state by key needs all records
 * of a key in one task, and what reads several inputs needs them in one log: where that is not so, the inputs go through
 * an internal topic, placed by key, and the node runs in the task that reads it.
 */
export function cutPlan(plan: Plan): TaskGraph {
  const cutter = new Cutter(changesRead(plan.nodes));
  for (const node of plan.nodes) cutter.place(node);
  return cutter.graph(plan);
}

/** Nodes that keep state by key: all records of a key must come to the same task. */
export function isKeyed(node: PlanNode): boolean {
  // A table without a store of its own has no state.
  if (node.kind === "tableFilter" || node.kind === "tableMapValues") return node.store !== undefined;
  return KEYED.has(node.kind);
}

/** How finely a node minds event time, ms; undefined when it does not. */
function stepOf(node: TaskNode): number | undefined {
  if (node.kind === "dedup" || node.kind === "pattern") return node.withinMs;
  if (node.kind === "streamJoin" && node.windows !== undefined) {
    // What is kept comes out at any ms; else time only lets go of state.
    const kept = node.join === "left" || node.join === "outer";
    return kept ? 1 : Math.max(1, retentionOf(node.windows));
  }
  // A timer may be set, and a change held back, for any time.
  if (node.kind === "process" || node.kind === "suppress") return TIMER_STEP_MS;
  return node.kind === "aggregate" && node.windows !== undefined ? stepMsOf(node.windows) : undefined;
}

const KEYED: ReadonlySet<PlanNode["kind"]> = new Set([
  "aggregate",
  "toTable",
  "dedup",
  "pattern",
  "process",
  "tableAggregate",
  "streamJoin",
] as const);

const TIMER_STEP_MS = 1_000;

interface Topic {
  readonly partitions: number | undefined;
  readonly inputs: InternalInput[];
}

class Cutter {
  /** By input, in the order in which each became known. */
  readonly #tasks = new Map<string, TaskNode[]>();
  readonly #topics = new Map<string, Topic>();
  /** The task in which a node runs … */
  readonly #home = new Map<string, string>();
  /** … and those that read its records placed by key. */
  readonly #copies = new Map<string, string[]>();
  readonly #keys = new Map<string, Keys>();
  readonly #watermarks = new Map<string, WatermarkDefinition & { readonly delayMs: number }>();
  readonly #changes: ReadonlySet<string>;

  constructor(changes: ReadonlySet<string>) {
    this.#changes = changes;
  }

  place(node: PlanNode): void {
    if (node.kind === "repartition") return this.#repartition(node);
    const task = node.kind === "source" ? node.topic : this.#taskFor(node);
    const keys = new Map(node.inputs.map((input) => [input, this.#keysIn(task, input)]));
    this.#keys.set(node.name, keysAfter(node, keys));
    this.#home.set(node.name, task);
    this.#noteWatermark(node);
    this.#nodesOf(task).push(node);
  }

  graph(plan: Plan): TaskGraph {
    const inputs = this.#inOrder();
    const internalTopics = inputs.flatMap((name) => {
      const topic = this.#topics.get(name);
      return topic === undefined ? [] : [{ name, ...topic }];
    });
    const steps = this.#steps(inputs);
    const sends = (input: string): boolean =>
      this.#nodesOf(input).some((node) => node.kind === "internalSink" && steps.has(node.topic));
    const tasks = inputs.map((input) => ({
      ...plan,
      input,
      nodes: this.#nodesOf(input).map((node) =>
        node.kind === "internalSink" ? { ...node, stepMs: steps.get(node.topic), relayed: sends(node.topic) } : node,
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
      const minded = this.#nodesOf(input).flatMap((node) => {
        const step = node.kind === "internalSink" ? steps.get(node.topic) : stepOf(node);
        return step === undefined ? [] : [step];
      });
      if (minded.length > 0) steps.set(input, Math.max(1, Math.min(...minded)));
    }
    return steps;
  }

  #repartition(node: RepartitionNode): void {
    const topic = `__${node.name}`;
    const [input = ""] = node.inputs;
    this.#cross({ node: input, topic, as: node.name, partitions: node.partitions });
    this.#home.set(node.name, topic);
    this.#noteWatermark(node);
    this.#keys.set(node.name, placed(this.#keysOf(input)));
  }

  #taskFor(node: PlanNode): string {
    const [first = "", ...others] = new Set<string>(node.inputs);
    if (others.length === 0 && !isKeyed(node)) return this.#homeOf(first);
    const common = this.#usable(node, first).find((task) =>
      others.every((input) => this.#usable(node, input).includes(task)),
    );
    if (common !== undefined) return common;
    if (others.length === 0) return this.#copied(first);
    const topic = this.#meetingPlace(node, [first, ...others]) ?? `__${node.name}`;
    for (const input of [first, ...others]) {
      if (!this.#usable(node, input).includes(topic)) this.#cross({ node: input, topic, as: input });
    }
    return topic;
  }

  /** An internal topic in which one of the inputs already is: the others can come there unless they are made from it. */
  #meetingPlace(node: PlanNode, inputs: readonly string[]): string | undefined {
    const places = inputs.flatMap((input) => this.#usable(node, input)).filter((place) => this.#topics.has(place));
    return places.find((place) =>
      inputs.every((input) => this.#usable(node, input).includes(place) || !this.#behind(place, this.#homeOf(input))),
    );
  }

  /** Whether what one task writes comes to the other, however far behind it. */
  #behind(task: string, other: string): boolean {
    if (task === other) return true;
    return (this.#topics.get(other)?.inputs ?? []).some(({ input }) => this.#behind(task, input));
  }

  /** Tasks in which the node could read this input. */
  #usable(node: PlanNode, input: string): string[] {
    const placedHere = !isKeyed(node) || this.#keysOf(input).kind !== "changed";
    return [...(placedHere ? [this.#homeOf(input)] : []), ...(this.#copies.get(input) ?? [])];
  }

  /** All that need the records of a node placed by key share one topic, also one that it meets others in. */
  #copied(input: string): string {
    const topic = `__${input}`;
    this.#cross({ node: input, topic, as: input });
    return topic;
  }

  #cross({
    node,
    topic,
    as,
    partitions,
  }: {
    node: string;
    topic: string;
    as: string;
    partitions?: number | undefined;
  }) {
    const home = this.#homeOf(node);
    const known = this.#topics.get(topic) ?? { partitions, inputs: [] };
    this.#topics.set(topic, known);
    const tag = known.inputs.length;
    known.inputs.push({ node, input: home });
    const sink = { kind: "internalSink", name: `${topic}.${tag}`, topic, tag, broadcast: false } as const;
    this.#nodesOf(home).push({ ...sink, inputs: [node], changes: this.#changes.has(node) });
    const watermark = this.#watermarks.get(node);
    this.#nodesOf(topic).push({ kind: "internalSource", name: as, inputs: [], tag, watermark });
    if (as === node) this.#copies.set(node, [...(this.#copies.get(node) ?? []), topic]);
  }

  /** That which a node's records have passed, of several the slowest: it goes with them into other tasks. */
  #noteWatermark(node: PlanNode): void {
    const passed = node.inputs.flatMap((input) => this.#watermarks.get(input) ?? []);
    const [slowest] = node.kind === "watermark" ? [node] : passed.toSorted((a, b) => b.delayMs - a.delayMs);
    if (slowest === undefined) return;
    const { moves, policy, emptyBatch, delayMs } = slowest;
    this.#watermarks.set(node.name, { moves, policy, emptyBatch, delayMs });
  }

  #keysIn(task: string, input: string): Keys {
    return this.#homeOf(input) === task ? this.#keysOf(input) : placed(this.#keysOf(input));
  }

  #keysOf(node: string): Keys {
    return this.#keys.get(node) ?? AS_READ;
  }

  #homeOf(node: string): string {
    const home = this.#home.get(node);
    assert(home !== undefined, `node ${node} stands after those that read it`);
    return home;
  }

  #nodesOf(task: string): TaskNode[] {
    let nodes = this.#tasks.get(task);
    if (nodes === undefined) this.#tasks.set(task, (nodes = []));
    return nodes;
  }
}
