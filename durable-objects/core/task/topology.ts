import type { AggregateNode, Plan, PlanNode, SinkNode } from "../../../schema/plan.ts";
import { assert } from "../assert.ts";
import { Aggregate } from "../operator/aggregate.ts";
import { Clock } from "../operator/clock.ts";
import { Filter } from "../operator/filter.ts";
import { FlatMap } from "../operator/flat-map.ts";
import { MapRecords } from "../operator/map.ts";
import { MapValues } from "../operator/map-values.ts";
import { Output, type Operator, type Runtime } from "../operator/operator.ts";
import { SelectKey } from "../operator/select-key.ts";
import { Sink } from "../operator/sink.ts";
import { Source } from "../operator/source.ts";
import { ToTable } from "../operator/to-table.ts";
import { WindowAggregate } from "../operator/window-aggregate.ts";
import { D1Rows } from "../sink/d1.ts";
import type { Outbox } from "../sink/outbox.ts";
import { R2Lines } from "../sink/r2.ts";
import type { RecordSink } from "../sink/record-sink.ts";
import { TopicRecords } from "../sink/topic.ts";
import type { TaskPorts } from "./task-port.ts";

export interface TopologyParts {
  readonly plan: Plan;
  readonly ports: TaskPorts;
  readonly runtime: Runtime;
  readonly outbox: Outbox;
  /** Clocks of an earlier life, by store. */
  readonly clocks: { readonly [store: string]: number };
}

/** The operators of one task, made anew at every restore. */
export class Topology {
  readonly sources: readonly Source[];
  /** In plan order. */
  readonly operators: readonly Operator[];
  /** By store, in plan order. */
  readonly clocks: ReadonlyMap<string, Clock>;

  constructor(parts: TopologyParts) {
    const builder = new TopologyBuilder(parts);
    // Consumers first: an operator is made with its output.
    for (const node of parts.plan.nodes.toReversed()) builder.add(node);
    this.sources = builder.sources.toReversed();
    this.operators = builder.operators.toReversed();
    this.clocks = new Map([...builder.clocks].toReversed());
  }
}

class TopologyBuilder {
  readonly sources: Source[] = [];
  readonly operators: Operator[] = [];
  readonly clocks = new Map<string, Clock>();
  readonly #parts: TopologyParts;
  readonly #consumers = new Map<string, Operator[]>();

  constructor(parts: TopologyParts) {
    this.#parts = parts;
  }

  add(node: PlanNode): void {
    const output = new Output(this.#parts.runtime.trace, (this.#consumers.get(node.name) ?? []).toReversed());
    if (node.kind === "source") {
      if (node.topic === this.#parts.ports.topic) this.sources.push(new Source(node, output));
      return;
    }
    const operator = this.#operator(node, output);
    this.operators.push(operator);
    for (const input of node.inputs) {
      const consumers = this.#consumers.get(input) ?? [];
      consumers.push(operator);
      this.#consumers.set(input, consumers);
    }
  }

  #operator(node: Exclude<PlanNode, { kind: "source" }>, output: Output): Operator {
    const { runtime } = this.#parts;
    switch (node.kind) {
      case "filter":
        return new Filter(node, output);
      case "map":
        return new MapRecords(node, output);
      case "mapValues":
        return new MapValues(node, output);
      case "flatMap":
        return new FlatMap(node, output);
      case "selectKey":
        return new SelectKey(node, output);
      case "aggregate":
        return this.#aggregate(node, output);
      case "toTable":
        return new ToTable({ node, store: runtime.cache.open(node.store.name, "keyValue") }, runtime, output);
      case "sink":
        return new Sink(node.name, this.#sink(node), runtime);
    }
  }

  #aggregate(node: AggregateNode, output: Output): Operator {
    const { runtime, clocks } = this.#parts;
    const { windows, store } = node;
    if (windows === undefined)
      return new Aggregate({ node, store: runtime.cache.open(store.name, "keyValue") }, runtime, output);
    const clock = new Clock(runtime.undo, clocks[store.name] ?? -Infinity);
    this.clocks.set(store.name, clock);
    return new WindowAggregate(
      { node, windows, store: runtime.cache.open(store.name, "window"), clock },
      runtime,
      output,
    );
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

export function partitionsOf(ports: TaskPorts, topic: string): number {
  const partitions = ports.outputs[topic]?.partitions;
  assert(partitions !== undefined && partitions > 0, `the partition count of topic ${topic} is not known`);
  return partitions;
}
