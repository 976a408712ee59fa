import type { StoreDescription } from "../../../schema/rpc/store.ts";
import type { Plan } from "../../../schema/plan.ts";
import type { Sink } from "../../../schema/sinks.ts";
import { type Topology, topologyOf } from "../../../schema/topology/topology.ts";
import { triggerText } from "../../../schema/topology/trigger-text.ts";
import { checkPlan } from "./check.ts";
import { cutPlan } from "./cut.ts";
import { describeStore, shown, storesOf } from "./stores.ts";

export interface SinkDescription {
  readonly kind: Sink["kind"];
  /** The topic, the table, or the prefix. */
  readonly name: string;
  /** Of a table. */
  readonly columns?: readonly string[] | undefined;
}

/** A plan for reading, with what it is cut into: over HTTP, on the dashboard, in a terminal. */
export interface PlanDescription extends Topology {
  /** As it is written: `perEvent()`, `every("2 seconds")`. */
  readonly trigger: string;
  readonly stores: readonly StoreDescription[];
  /** Topics read. */
  readonly sources: readonly string[];
  readonly sinks: readonly SinkDescription[];
}

export function describePlan(plan: Plan): PlanDescription {
  return {
    ...topologyOf(plan, tasksOf(plan)),
    trigger: triggerText(plan.trigger),
    stores: plan.nodes.flatMap(storesOf).filter(shown).map(describeStore),
    sources: plan.nodes.flatMap((node) => (node.kind === "source" ? [node.topic] : [])),
    sinks: plan.nodes.flatMap((node) => (node.kind === "sink" ? [sinkOf(node.sink)] : [])),
  };
}

function sinkOf(sink: Sink): SinkDescription {
  switch (sink.kind) {
    case "topic":
      return { kind: "topic", name: sink.topic };
    case "d1":
      return { kind: "d1", name: sink.table, columns: Object.keys(sink.columns) };
    case "r2":
      return { kind: "r2", name: sink.prefix };
  }
}

/** By node, what the task that runs it reads. A repartition is in none: it lies between two. */
function tasksOf(plan: Plan): ReadonlyMap<string, string> {
  if (!checkPlan(plan).ok) return new Map();
  return new Map(
    cutPlan(plan).tasks.flatMap(({ input, nodes }) =>
      nodes.flatMap(({ kind, name }) => (kind === "internalSource" || kind === "internalSink" ? [] : [[name, input]])),
    ),
  );
}
