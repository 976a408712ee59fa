import type { AggregateNode, PatternStep, PlanNode, ProcessNode, SuppressNode } from "../plan.ts";
import type { Sink } from "../sinks.ts";
import { durationText } from "./duration-text.ts";
import { joinText } from "./join-text.ts";
import { windowsText } from "./windows-text.ts";

/** What tells a node from others of its kind. */
export function detailOf(node: PlanNode): string | undefined {
  switch (node.kind) {
    case "source":
      return `topic ${node.topic}${node.format === "json" ? "" : ` as ${node.format}`}`;
    case "sink":
      return sinkDetail(node.sink);
    case "process":
      return processDetail(node);
    case "pattern":
      return `${node.steps.map(stepText).join(" ")} within ${durationText(node.withinMs)}`;
    case "dedup":
      return `within ${durationText(node.withinMs)}`;
    case "suppress":
      return suppressText(node);
    case "tableFilter":
    case "tableMapValues":
    case "tableAggregate":
      return node.store === undefined ? undefined : `store ${node.store.name}`;
    case "streamJoin":
    case "streamTableJoin":
    case "tableJoin":
    case "foreignKeyJoin":
    case "globalJoin":
    case "lookup":
      return joinText(node);
    case "toTable":
      return `store ${node.store.name}${node.versioned === undefined ? "" : `, history ${durationText(node.versioned.historyMs)}`}`;
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

/** A processor's stores by the names that readers have for them. */
function processDetail({ store, states, closeWhenIdleMs = Infinity }: ProcessNode): string | undefined {
  const kept = Object.entries(states).map(
    ([name, { kind, ttlMs }]) =>
      `${store.name}.${name} (${kind}${ttlMs === undefined ? "" : ` for ${durationText(ttlMs)}`})`,
  );
  const parts = kept.length === 0 ? [] : [`${kept.length === 1 ? "store" : "stores"} ${kept.join(", ")}`];
  if (closeWhenIdleMs < Infinity) parts.push(`timers after ${durationText(closeWhenIdleMs)} of quiet`);
  return parts.length === 0 ? undefined : parts.join(", ");
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
