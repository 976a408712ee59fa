import { Filter } from "../operator/filter.ts";
import { FlatMapValues } from "../operator/flat-map-values.ts";
import { FlatMap } from "../operator/flat-map.ts";
import { ForEachBatch } from "../operator/for-each-batch.ts";
import { GroupTable } from "../operator/group-table.ts";
import { Lookup } from "../operator/lookup.ts";
import { MapBatch } from "../operator/map-batch.ts";
import { MapValues } from "../operator/map-values.ts";
import { MapRecords } from "../operator/map.ts";
import type { Operator, Output, Runtime } from "../operator/operator.ts";
import { PassOn } from "../operator/pass-on.ts";
import { Peek } from "../operator/peek.ts";
import { SelectKey } from "../operator/select-key.ts";
import { Split } from "../operator/split.ts";
import { Unwindow } from "../operator/unwindow.ts";
import type { TaskNode } from "../plan/task-plan.ts";

type StatelessKind =
  | "filter"
  | "map"
  | "mapValues"
  | "flatMap"
  | "selectKey"
  | "unwindow"
  | "flatMapValues"
  | "peek"
  | "foreach"
  | "split"
  | "branch"
  | "merge"
  | "late"
  | "groupTable"
  | "mapBatch"
  | "forEachBatch"
  | "lookup";

/** The operator of a node that keeps nothing beyond a micro-batch. */
export function statelessOperator(
  node: Extract<TaskNode, { kind: StatelessKind }>,
  runtime: Runtime,
  output: Output,
): Operator {
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
    case "unwindow":
      return new Unwindow(node, output);
    case "flatMapValues":
      return new FlatMapValues(node, output);
    case "peek":
    case "foreach":
      return new Peek(node, output);
    case "split":
      return new Split(node, output);
    case "branch":
    case "merge":
    case "late":
      return new PassOn(node.name, output);
    case "groupTable":
      return new GroupTable(node, output);
    case "mapBatch":
      return new MapBatch(node, runtime, output);
    case "forEachBatch":
      return new ForEachBatch(node, runtime);
    case "lookup":
      return new Lookup(node, runtime, output);
  }
}
