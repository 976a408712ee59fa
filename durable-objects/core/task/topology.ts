import type {
  AggregateNode,
  BatchSqlNode,
  CompleteNode,
  DedupNode,
  PatternNode,
  ProcessNode,
  SinkNode,
} from "../../../schema/plan.ts";
import type { Windows } from "../../../schema/windows.ts";
import { assert } from "../assert.ts";
import { Aggregate } from "../operator/aggregate.ts";
import type { SavedClock } from "../operator/clock.ts";
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
import type { WatermarkClock } from "../operator/watermark-clock.ts";
import { tableContent } from "../operator/table-content.ts";
import { changesRead } from "../plan/changes.ts";
import { readInBatch } from "../plan/read-in-batch.ts";
import { readableStore, timersOf, wallTimersOf } from "../plan/stores.ts";
import { type InternalSinkNode, type InternalSourceNode, type TaskNode, type TaskPlan } from "../plan/task-plan.ts";
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
import { type ClosesWhenIdle, TaskClocks } from "./task-clocks.ts";
import type { UpstreamTimes } from "./upstream-times.ts";
import { openWindowedAggregate } from "./open-windowed-aggregate.ts";

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
  readonly #clocks: TaskClocks;

  constructor(parts: TopologyParts) {
    const builder = new TopologyBuilder(parts);
    // Consumers first: an operator is made with its output.
    for (const node of parts.plan.nodes.toReversed()) builder.add(node);
    this.sources = builder.sources.toReversed();
    this.internalSources = new Map(builder.internalSources.map((source) => [source.tag, source]));
    this.operators = builder.operators.toReversed();
    this.#clocks = builder.clocks;
    const { byOperator, watermark, closing } = builder.clocks;
    this.clocks = new Map([...byOperator].toReversed());
    this.watermark = watermark;
    this.closing = closing;
    this.held = new HeldTimes(parts.plan.nodes, this.operators);
    const sinks = parts.plan.nodes.filter((node) => node.kind === "internalSink");
    this.internalSinks = new Map(
      sinks.map(({ topic }) => [topic, sinks.filter((sink) => sink.topic === topic).map(({ name }) => name)]),
    );
  }

  /** Of its operators' clocks the least; undefined where none has a clock. */
  get leastClockMs(): number | undefined {
    return this.#clocks.leastMs;
  }
}

class TopologyBuilder {
  readonly sources: Source[] = [];
  readonly internalSources: InternalSource[] = [];
  readonly operators: Operator[] = [];
  readonly clocks: TaskClocks;
  readonly #parts: TopologyParts;
  readonly #consumers = new Map<string, Operator[]>();
  readonly #changes: ReadonlySet<string>;
  readonly #joins: JoinOperators;

  constructor(parts: TopologyParts) {
    this.#parts = parts;
    const { plan, runtime } = parts;
    this.clocks = new TaskClocks({ ...parts, undo: runtime.undo });
    this.#joins = new JoinOperators({ plan, runtime, clockOf: (node) => this.clocks.closingOf(node) });
    this.#changes = changesRead(plan.nodes);
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
    const { watermark: clock } = this.clocks;
    assert(clock !== undefined, `node ${node.name} has a watermark, so the task has`);
    return new Watermark({ name: node.name, clock, input: this.clocks.inputOf(node) }, output);
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
      case "lookup":
        return statelessOperator(node, runtime, output);
      case "watermark":
        return this.#watermark(node, output);
      case "batchSql":
        return new BatchSql(
          { node, select: this.#select(node), windowsOf: (store) => this.#windowsOf(store) },
          runtime,
          output,
        );
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
    const unread = !readInBatch(this.#parts.plan.nodes, node);
    if (windows === undefined)
      return new Aggregate({ node, store: runtime.cache.open(store.name, "keyValue"), unread }, runtime, output);
    const parts = { node, windows, clock: this.clocks.closingOf(node), late: this.#late(node), unread };
    return openWindowedAggregate({ ...parts, open: () => runtime.cache.open(store.name, "window") }, runtime, output);
  }

  #dedup(node: DedupNode, output: Output): Operator {
    const { runtime } = this.#parts;
    const store = runtime.cache.open(node.store.name, "window");
    return new Dedup({ node, store, clock: this.clocks.of(node) }, runtime, output);
  }

  #process(node: ProcessNode, output: Output): readonly Operator[] {
    const { runtime } = this.#parts;
    const clock = this.clocks.closingOf({ ...node, inputs: node.inputs.slice(0, 1) });
    const state = stateOf(node, runtime, () => clock.streamTimeMs);
    const timers = new TimerQueue(runtime.cache, runtime.cache.open(timersOf(node.store.name), "window"));
    const wallTimers =
      node.wallClockTimer && new TimerQueue(runtime.cache, runtime.cache.open(wallTimersOf(node.store.name), "window"));
    const process = new Process({ node, state, timers, wallTimers, clock }, runtime, output);
    return node.inputs.length > 1 ? [process, new ProcessInitial(process)] : [process];
  }

  #tableParts(node: TaskNode): TableParts {
    return {
      runtime: this.#parts.runtime,
      open: (store, kind) => this.#parts.runtime.cache.open(store, kind),
      clock: () => this.clocks.closingOf(node),
    };
  }

  #select({ name }: BatchSqlNode): SelectPort {
    const { select } = this.#parts.ports;
    assert(select !== undefined, `node ${name} needs SQL`);
    return select;
  }

  #windowsOf(store: string): Windows | undefined {
    return readableStore(this.#parts.plan.nodes, store)?.windows;
  }

  #complete({ name, storeName, windows }: CompleteNode, output: Output): Operator {
    const { plan, runtime, ports } = this.#parts;
    const content = tableContent({ storeName, windows }, { cache: runtime.cache, store: ports.store });
    const shown = shownBy({ name, result: readableStore(plan.nodes, storeName)?.result }, runtime.trace);
    return new Complete({ name, content, shown }, runtime, output);
  }

  #pattern(node: PatternNode, output: Output): Operator {
    const { runtime } = this.#parts;
    const store = runtime.cache.open(node.store.name, "keyValue");
    const timers = new TimerQueue(runtime.cache, runtime.cache.open(timersOf(node.store.name), "window"));
    return new Pattern({ node, store, timers, clock: this.clocks.of(node) }, runtime, output);
  }

  /** Where the late records of a node go; undefined when nobody reads them. */
  #late({ name }: AggregateNode): Output | undefined {
    const consumers = this.#consumers.get(lateOf(name));
    return consumers && new Output(this.#parts.runtime.trace, consumers.toReversed());
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

export function partitionsOf(ports: TaskPorts, topic: string): number {
  const partitions = ports.outputs[topic]?.partitions;
  assert(partitions !== undefined && partitions > 0, `the partition count of topic ${topic} is not known`);
  return partitions;
}
