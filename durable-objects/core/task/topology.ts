import type {
  AggregateNode,
  BatchSqlNode,
  CompleteNode,
  DedupNode,
  PatternNode,
  ProcessNode,
  SinkNode,
  WatermarkDefinition,
  Windowed,
} from "../../../schema/plan.ts";
import { assert } from "../assert.ts";
import { Aggregate } from "../operator/aggregate.ts";
import { type Cap, Clock, type OperatorClock, type SavedClock, UNCAPPED } from "../operator/clock.ts";
import { BatchSql } from "../operator/batch-sql.ts";
import { Complete } from "../operator/complete.ts";
import { Dedup } from "../operator/dedup.ts";
import { FurtherInput, type ManyInputs } from "../operator/input.ts";
import { InternalSource } from "../operator/internal-source.ts";
import { Output, type Operator, type Runtime } from "../operator/operator.ts";
import { Pattern } from "../operator/pattern.ts";
import { Process, ProcessInitial } from "../operator/process.ts";
import { stateOf } from "../operator/processor-state.ts";
import { shownBy } from "../operator/result-payload.ts";
import { Sink } from "../operator/sink.ts";
import { Source } from "../operator/source.ts";
import { Watermark } from "../operator/watermark.ts";
import { WatermarkClock } from "../operator/watermark-clock.ts";
import { slotsOf } from "../operator/window-slots.ts";
import { changesRead } from "../plan/changes.ts";
import { closeWhenIdleMs } from "../plan/close-when-idle.ts";
import { readableStore, timersOf } from "../plan/stores.ts";
import {
  type InternalSinkNode,
  type InternalSourceNode,
  isSource,
  type TaskNode,
  type TaskPlan,
} from "../plan/task-plan.ts";
import { liesByKey } from "../plan/windows.ts";
import { D1Rows } from "../sink/d1.ts";
import { InternalSink } from "../sink/internal.ts";
import type { Outbox } from "../sink/outbox.ts";
import { R2Lines } from "../sink/r2.ts";
import type { RecordSink } from "../sink/record-sink.ts";
import { TopicRecords } from "../sink/topic.ts";
import type { SelectPort } from "../sql/select-port.ts";
import { TimerQueue } from "../store/timer-queue.ts";
import { statelessOperator } from "./stateless-operator.ts";
import { tableOperator, type TableParts } from "./table-operator.ts";
import { isOfJoin, JoinOperators } from "./join-operators.ts";
import type { TaskPorts } from "./task-port.ts";
import { HeldTimes } from "./held-times.ts";
import type { UpstreamTimes } from "./upstream-times.ts";
import { windowedAggregate } from "./windowed-aggregate.ts";

export interface TopologyParts {
  readonly plan: TaskPlan;
  readonly ports: TaskPorts;
  readonly runtime: Runtime;
  readonly outbox: Outbox;
  readonly upstreams: UpstreamTimes;
  /** How far what the task sends to an internal topic has come in event time. */
  readonly progressMs: (topic: string) => number;
  /** Clocks of an earlier life, by operator. */
  readonly clocks: { readonly [operator: string]: SavedClock };
}

/** The operators of one task, made anew at every restore. */
export class Topology {
  readonly sources: readonly Source[];
  /** By tag. */
  readonly internalSources: ReadonlyMap<number, InternalSource>;
  /** In plan order. */
  readonly operators: readonly Operator[];
  /** By operator, in plan order. */
  readonly clocks: ReadonlyMap<string, { readonly saved: SavedClock | undefined }>;
  /** Of operators whose time goes on when nothing comes, by node: their clocks, and the quiet that it takes. */
  readonly closing: ReadonlyMap<string, ClosesWhenIdle>;
  readonly held: HeldTimes;
  /** By internal topic: the sinks that write it. */
  readonly internalSinks: ReadonlyMap<string, readonly string[]>;
  /** Of all operators behind a watermark; absent where the plan has none. */
  readonly watermark: WatermarkClock | undefined;

  constructor(parts: TopologyParts) {
    const builder = new TopologyBuilder(parts);
    // Consumers first: an operator is made with its output.
    for (const node of parts.plan.nodes.toReversed()) builder.add(node);
    this.sources = builder.sources.toReversed();
    this.internalSources = new Map(builder.internalSources.map((source) => [source.tag, source]));
    this.operators = builder.operators.toReversed();
    this.clocks = new Map([...builder.clocks].toReversed());
    this.watermark = builder.watermark;
    this.closing = builder.closing;
    this.held = new HeldTimes(parts.plan.nodes, this.operators);
    const sinks = parts.plan.nodes.filter((node) => node.kind === "internalSink");
    this.internalSinks = new Map(
      sinks.map(({ topic }) => [topic, sinks.filter((sink) => sink.topic === topic).map(({ name }) => name)]),
    );
  }
}

export interface ClosesWhenIdle {
  readonly clock: OperatorClock;
  readonly idleMs: number;
}

/** The clock that all operators behind a watermark share, among those of operators: no node has this name. */
const WATERMARK = "watermark:";

class TopologyBuilder {
  readonly sources: Source[] = [];
  readonly internalSources: InternalSource[] = [];
  readonly operators: Operator[] = [];
  readonly clocks = new Map<string, { readonly saved: SavedClock | undefined }>();
  readonly closing = new Map<string, ClosesWhenIdle>();
  readonly watermark: WatermarkClock | undefined;
  /** Nodes by which records with a watermark enter, in plan order. */
  readonly #watermarked: readonly TaskNode[];
  readonly #parts: TopologyParts;
  readonly #operatorClocks = new Map<string, OperatorClock>();
  readonly #consumers = new Map<string, Operator[]>();
  readonly #changes: ReadonlySet<string>;
  readonly #joins: JoinOperators;

  constructor(parts: TopologyParts) {
    this.#parts = parts;
    const { plan, runtime } = parts;
    this.#joins = new JoinOperators({ plan, runtime, clockOf: (node) => this.#closingClock(node) });
    this.#changes = changesRead(parts.plan.nodes);
    this.#watermarked = parts.plan.nodes.filter((node) => watermarkOf(node) !== undefined);
    this.watermark = this.#watermarkClock();
  }

  add(node: TaskNode): void {
    const consumers = (this.#consumers.get(node.name) ?? []).toReversed();
    const output = new Output(this.#parts.runtime.trace, consumers, this.#changes.has(node.name));
    if (node.kind === "source") this.sources.push(new Source(node, output));
    else if (node.kind === "internalSource") this.#addInternalSource(node, output);
    else this.#place(node, this.#operator(node, output));
  }

  /** Where its records passed a watermark before they were sent, the clock here sees their times again. */
  #addInternalSource(node: InternalSourceNode, output: Output): void {
    const { trace } = this.#parts.runtime;
    const entry = node.watermark === undefined ? output : new Output(trace, [this.#watermark(node, output)]);
    this.internalSources.push(new InternalSource(node, entry));
  }

  #watermark(node: TaskNode, output: Output): Watermark {
    const { watermark: clock } = this;
    assert(clock !== undefined, `node ${node.name} has a watermark, so the task has`);
    return new Watermark({ name: node.name, clock, input: this.#watermarked.indexOf(node) }, output);
  }

  #watermarkClock(): WatermarkClock | undefined {
    const [first] = this.#watermarked;
    const definition = first === undefined ? undefined : watermarkOf(first);
    if (definition === undefined) return undefined;
    const inputs = this.#watermarked.map((node) => ({
      delayMs: watermarkOf(node)?.delayMs ?? 0,
      cap: this.#capOf(node.name),
    }));
    const saved = this.#parts.clocks[WATERMARK];
    const clock = new WatermarkClock(this.#parts.runtime.undo, { definition, inputs, saved });
    this.clocks.set(WATERMARK, clock);
    return clock;
  }

  /** One operator takes all inputs, or there is one for each of them. */
  #place(node: TaskNode, made: Operator | readonly Operator[]): void {
    const operators = Array.isArray(made) ? (made as readonly Operator[]) : [made as Operator];
    this.operators.push(...operators.toReversed());
    // From the last input, since consumers are gathered from the last: a node that reads one twice has it in its order.
    for (const [at, input] of [...node.inputs.entries()].toReversed()) {
      const operator = operators[at] ?? operators[0];
      assert(operator !== undefined, `node ${node.name} is run by an operator`);
      const output = node.kind === "late" ? lateOf(input) : input;
      const consumers = this.#consumers.get(output) ?? [];
      consumers.push(operator);
      this.#consumers.set(output, consumers);
    }
  }

  #operator(
    node: Exclude<TaskNode, { kind: "source" | "internalSource" }>,
    output: Output,
  ): Operator | readonly Operator[] {
    const { runtime } = this.#parts;
    if (isOfJoin(node)) return this.#joins.operator(node, output);
    switch (node.kind) {
      case "filter":
      case "map":
      case "mapValues":
      case "flatMap":
      case "selectKey":
      case "unwindow":
      case "flatMapValues":
      case "peek":
      case "foreach":
      case "split":
      case "branch":
      case "merge":
      case "late":
      case "groupTable":
      case "mapBatch":
      case "forEachBatch":
        return statelessOperator(node, runtime, output);
      case "watermark":
        return this.#watermark(node, output);
      case "batchSql":
        return new BatchSql({ node, select: this.#select(node) }, runtime, output);
      case "complete":
        return this.#complete(node, output);
      case "aggregate": {
        const aggregate = this.#aggregate(node, output);
        const further = node.inputs.slice(1).map((_, at) => new FurtherInput(aggregate, at + 1));
        return [aggregate, ...further];
      }
      case "process":
        return this.#process(node, output);
      case "pattern":
        return this.#pattern(node, output);
      case "tableFilter":
      case "tableMapValues":
      case "tableAggregate":
      case "suppress":
        return tableOperator(node, this.#tableParts(node), output);
      case "dedup":
        return this.#dedup(node, output);
      case "sink":
        return new Sink(node.name, this.#sink(node), runtime);
      case "internalSink":
        return this.#internalSink(node);
    }
  }

  #aggregate(node: AggregateNode, output: Output): ManyInputs {
    const { runtime } = this.#parts;
    const { windows, store } = node;
    if (windows === undefined)
      return new Aggregate({ node, store: runtime.cache.open(store.name, "keyValue") }, runtime, output);
    const parts = { node, windows, clock: this.#closingClock(node), late: this.#late(node) };
    return windowedAggregate({ ...parts, open: () => runtime.cache.open(store.name, "window") }, runtime, output);
  }

  #dedup(node: DedupNode, output: Output): Operator {
    const { runtime } = this.#parts;
    const store = runtime.cache.open(node.store.name, "window");
    return new Dedup({ node, store, clock: this.#clock(node) }, runtime, output);
  }

  #process(node: ProcessNode, output: Output): readonly Operator[] {
    const { runtime } = this.#parts;
    const clock = this.#clock({ ...node, inputs: node.inputs.slice(0, 1) });
    const state = stateOf(node, runtime, () => clock.streamTimeMs);
    const timers = new TimerQueue(runtime.cache, runtime.cache.open(timersOf(node.store.name), "window"));
    const process = new Process({ node, state, timers, clock }, runtime, output);
    return node.inputs.length > 1 ? [process, new ProcessInitial(process)] : [process];
  }

  #tableParts(node: TaskNode): TableParts {
    return {
      runtime: this.#parts.runtime,
      open: (store, kind) => this.#parts.runtime.cache.open(store, kind),
      clock: () => this.#closingClock(node),
    };
  }

  #select({ name }: BatchSqlNode): SelectPort {
    const { select } = this.#parts.ports;
    assert(select !== undefined, `node ${name} needs SQL`);
    return select;
  }

  #complete({ name, storeName, windows }: CompleteNode, output: Output): Operator {
    assert(windows === undefined || !liesByKey(windows), `the rows of ${storeName} lie by time`);
    const slots = windows === undefined ? undefined : slotsOf(windows, undefined);
    const keyOf = (key: string, start: number): string | Windowed =>
      slots === undefined ? key : slots.keyOf(key, start);
    const { plan, runtime } = this.#parts;
    const cached = runtime.cache.open(storeName, windows === undefined ? "keyValue" : "window");
    const shown = shownBy({ name, result: readableStore(plan.nodes, storeName)?.result }, runtime.trace);
    return new Complete({ name, store: cached, shown, keyOf }, runtime, output);
  }

  #pattern(node: PatternNode, output: Output): Operator {
    const { runtime } = this.#parts;
    const store = runtime.cache.open(node.store.name, "keyValue");
    const timers = new TimerQueue(runtime.cache, runtime.cache.open(timersOf(node.store.name), "window"));
    return new Pattern({ node, store, timers, clock: this.#clock(node) }, runtime, output);
  }

  /** Where the late records of a node go; undefined when nobody reads them. */
  #late({ name }: AggregateNode): Output | undefined {
    const consumers = this.#consumers.get(lateOf(name));
    return consumers && new Output(this.#parts.runtime.trace, consumers.toReversed());
  }

  /** The clock of a node, with an input for each of its inputs. */
  #clock(node: TaskNode): OperatorClock {
    const { watermark } = this;
    if (watermark !== undefined && this.#behindWatermark(node)) return watermark;
    const known = this.#operatorClocks.get(node.name);
    if (known !== undefined) return known;
    const caps = node.inputs.map((input) => this.#capOf(input));
    const clock = new Clock(this.#parts.runtime.undo, { caps, saved: this.#parts.clocks[node.name] });
    this.clocks.set(node.name, clock);
    this.#operatorClocks.set(node.name, clock);
    return clock;
  }

  /** Of a node whose time may go on when nothing comes. */
  #closingClock(node: TaskNode): OperatorClock {
    const clock = this.#clock(node);
    const idleMs = closeWhenIdleMs(node);
    if (idleMs < Infinity) this.closing.set(node.name, { clock, idleMs });
    return clock;
  }

  #behindWatermark({ inputs }: TaskNode): boolean {
    const behind = inputs.flatMap((input) => nodesBehind(this.#parts.plan.nodes, input));
    return behind.some((node) => watermarkOf(node) !== undefined);
  }

  /** What holds back the time of a node's records: the slowest of the upstreams that they come from. */
  #capOf(name: string): Cap {
    const { plan, upstreams } = this.#parts;
    const tags = tagsBehind(plan.nodes, name);
    const caps = tags.map((tag) => upstreams.cap(tag)).filter((cap) => cap !== UNCAPPED);
    const [only = UNCAPPED] = caps;
    return caps.length <= 1 ? only : new LeastCap(caps);
  }

  #internalSink(node: InternalSinkNode): InternalSink {
    const { ports, outbox, progressMs } = this.#parts;
    const upstream = ports.outputs[node.topic]?.upstream;
    assert(upstream !== undefined, `the number of this task among those that write ${node.topic} is not known`);
    const partitions = partitionsOf(ports, node.topic);
    return new InternalSink({ node, partitions, upstream, progressMs: () => progressMs(node.topic), outbox });
  }

  #sink({ sink }: SinkNode): RecordSink {
    const { ports, outbox } = this.#parts;
    switch (sink.kind) {
      case "topic":
        return new TopicRecords(sink, partitionsOf(ports, sink.topic), outbox);
      case "d1":
        return new D1Rows(sink, outbox);
      case "r2":
        return new R2Lines(sink, outbox);
    }
  }
}

/** The late records of an aggregate, as an output of its own. No node has such a name. */
function lateOf(aggregate: string): string {
  return `${aggregate}/late`;
}

class LeastCap implements Cap {
  readonly #caps: readonly Cap[];

  constructor(caps: readonly Cap[]) {
    this.#caps = caps;
  }

  get ms(): number {
    return Math.min(...this.#caps.map(({ ms }) => ms));
  }
}

/** Tags of the internal sources that a node's records come from, each once. */
function tagsBehind(nodes: readonly TaskNode[], name: string): number[] {
  return nodesBehind(nodes, name).flatMap((node) => (node.kind === "internalSource" ? [node.tag] : []));
}

/** A node and all that its records come from, each once. */
function nodesBehind(nodes: readonly TaskNode[], name: string): readonly TaskNode[] {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const found = new Set<TaskNode>();
  const visit = (each: string): void => {
    const node = byName.get(each);
    if (node === undefined || found.has(node)) return;
    found.add(node);
    if (!isSource(node)) for (const input of node.inputs) visit(input);
  };
  visit(name);
  return [...found];
}

type TaskWatermark = WatermarkDefinition & { readonly delayMs: number };

/** Of records that enter a task here, or pass a watermark here. */
function watermarkOf(node: TaskNode): TaskWatermark | undefined {
  if (node.kind === "watermark") return node;
  return node.kind === "internalSource" ? node.watermark : undefined;
}

export function partitionsOf(ports: TaskPorts, topic: string): number {
  const partitions = ports.outputs[topic]?.partitions;
  assert(partitions !== undefined && partitions > 0, `the partition count of topic ${topic} is not known`);
  return partitions;
}
