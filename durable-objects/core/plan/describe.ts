import type { StoreDescription, TopologyNode } from "../../../schema/rpc.ts";
import type { AggregateNode, PatternStep, Plan, PlanNode, Sink, SuppressNode, Trigger } from "../../../schema/plan.ts";
import { checkPlan } from "./check.ts";
import { cutPlan } from "./cut.ts";
import { mermaidOf } from "./mermaid.ts";
import { describeStore, shown, storesOf } from "./stores.ts";
import { joinText } from "./join-text.ts";
import { windowsText } from "./windows.ts";
import { durationText } from "./duration-text.ts";

export interface SinkDescription {
  readonly kind: Sink["kind"];
  /** The topic, the table, or the prefix. */
  readonly name: string;
  /** Of a table. */
  readonly columns?: readonly string[] | undefined;
}

/** A plan for reading: over HTTP, on the dashboard, in a terminal. No function of the plan is called. */
export interface PlanDescription {
  readonly nodes: readonly TopologyNode[];
  /** A Mermaid flowchart. */
  readonly mermaid: string;
  /** Lines in the manner of Kafka Streams' `Topology.describe()`. */
  readonly text: string;
  /** As it is written: `perEvent()`, `every("2 seconds")`. */
  readonly trigger: string;
  readonly stores: readonly StoreDescription[];
  /** Topics read. */
  readonly sources: readonly string[];
  readonly sinks: readonly SinkDescription[];
}

export function describePlan(plan: Plan): PlanDescription {
  const tasks = tasksOf(plan);
  const nodes = plan.nodes.map((node): TopologyNode => ({
    name: node.name,
    kind: node.kind,
    inputs: node.inputs,
    detail: detailOf(node),
    task: tasks.get(node.name),
  }));
  const trigger = triggerText(plan.trigger);
  return {
    nodes,
    mermaid: mermaidOf(nodes),
    text: [`Pipeline: ${plan.name} (version ${plan.version}, ${trigger})`, ...linesOf(nodes)].join("\n"),
    trigger,
    stores: plan.nodes.flatMap(storesOf).filter(shown).map(describeStore),
    sources: plan.nodes.flatMap((node) => (node.kind === "source" ? [node.topic] : [])),
    sinks: plan.nodes.flatMap((node) => (node.kind === "sink" ? [sinkOf(node.sink)] : [])),
  };
}

export function triggerText(trigger: Trigger): string {
  switch (trigger.kind) {
    case "every":
      return `every("${durationText(trigger.intervalMs)}")`;
    case "everyRecords":
      return `everyRecords(${trigger.records}, { atMost: "${durationText(trigger.atMostMs)}" })`;
    case "cron":
      return `cron("${trigger.expression}")`;
    case "perEvent":
    case "availableNow":
    case "manual":
      return `${trigger.kind}()`;
  }
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

function detailOf(node: PlanNode): string | undefined {
  switch (node.kind) {
    case "source":
      return `topic ${node.topic}${node.format === "json" ? "" : ` as ${node.format}`}`;
    case "sink":
      return sinkDetail(node.sink);
    case "process":
      return Object.entries(node.states)
        .map(([name, { kind, ttlMs }]) => `${kind} ${name}${ttlMs === undefined ? "" : ` for ${durationText(ttlMs)}`}`)
        .join(", ");
    case "pattern":
      return `${node.steps.map(stepText).join(" ")} within ${durationText(node.withinMs)}`;
    case "dedup":
      return `within ${durationText(node.withinMs)}`;
    case "suppress":
      return suppressText(node);
    case "tableFilter":
    case "tableMapValues":
      return node.store === undefined ? undefined : `store ${node.store.name}`;
    case "streamJoin":
    case "streamTableJoin":
    case "tableJoin":
    case "foreignKeyJoin":
    case "globalJoin":
      return joinText(node);
    case "toTable":
      return `store ${node.store.name}${node.versioned === undefined ? "" : `, history ${durationText(node.versioned.historyMs)}`}`;
    case "tableAggregate":
      return `store ${node.store.name}`;
    case "aggregate":
      return aggregateDetail(node);
    case "filter":
    case "map":
    case "mapValues":
    case "globalTable":
    case "flatMap":
    case "selectKey":
    case "mapBatch":
    case "unwindow":
    case "forEachBatch":
    case "flatMapValues":
    case "peek":
    case "foreach":
    case "split":
    case "merge":
    case "late":
    case "groupTable":
      return undefined;
    case "batchSql":
      return node.query.replace(/\s+/g, " ").trim();
    case "watermark":
      return `${durationText(node.delayMs)}, ${node.moves === "everyBatch" ? "every batch" : "every record"}, ${node.policy}`;
    case "complete":
      return `all of store ${node.storeName}`;
    case "branch":
      return `branch ${node.branch}`;
    case "repartition":
      return node.partitions === undefined ? undefined : `${node.partitions} partitions`;
  }
}

function aggregateDetail({ store, windows, emit }: AggregateNode): string {
  const parts = [`store ${store.name}`];
  if (windows !== undefined) parts.push(windowsText(windows));
  if (emit === "onClose") parts.push("on close");
  return parts.join(", ");
}

function suppressText({ until, waitMs, buffer: { maxRecords, maxBytes, whenFull } }: SuppressNode): string {
  const bounds = [
    ...(maxRecords === undefined ? [] : [`${maxRecords} records`]),
    ...(maxBytes === undefined ? [] : [`${maxBytes} bytes`]),
  ];
  const full = bounds.length === 0 ? "" : `, at most ${bounds.join(" and ")}, then ${FULL[whenFull]}`;
  return `until ${until === "timeLimit" ? durationText(waitMs) : "the window closes"}${full}`;
}

const FULL = { emitEarly: "early", shutDown: "it stops" } as const;

function sinkDetail(sink: Sink): string {
  switch (sink.kind) {
    case "topic":
      return `topic ${sink.topic}${sink.format === "json" ? "" : ` as ${sink.format}`}`;
    case "d1":
      return `D1 table ${sink.table} by ${sink.primaryKey.join(", ")}`;
    case "r2":
      return `R2 files ${sink.prefix}/`;
  }
}

/** As in a regular expression; `..` before a step says that other records may lie before it. */
function stepText({ name, min, max, contiguity }: PatternStep): string {
  const times = min === 1 && max === 1 ? "" : `{${min},${Number.isFinite(max) ? max : ""}}`;
  return `${contiguity === "later" ? ".. " : ""}${name}${times}`;
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

/** Under their tasks, where there are several. */
function linesOf(nodes: readonly TopologyNode[]): string[] {
  const tasks = [...new Set(nodes.flatMap(({ task }) => task ?? []))];
  if (tasks.length <= 1) return nodes.map(lineOf);
  const between = nodes.filter(({ task }) => task === undefined);
  const inTasks = tasks.flatMap((task) => [
    `  Task of ${task}`,
    ...nodes.filter((node) => node.task === task).map((node) => `  ${lineOf(node)}`),
  ]);
  return [...inTasks, ...between.map(lineOf)];
}

function lineOf({ name, inputs, detail }: TopologyNode): string {
  const from = inputs.length === 0 ? "" : ` <- ${inputs.join(", ")}`;
  return `  ${name}${detail === undefined ? "" : ` (${detail})`}${from}`;
}
