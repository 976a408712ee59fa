import type { PlanNode } from "../../../schema/plan.ts";
import type { TaskNode } from "./task-plan.ts";

/**
 * The nodes whose records must say what they replace, because one that reads them asks. Others leave it out: the value
 * before is then neither kept nor sent (Kafka Streams' sendOldValues).
 */
export function changesRead(nodes: readonly (PlanNode | TaskNode)[]): ReadonlySet<string> {
  const read = new Set<string>();
  for (const node of nodes.toReversed()) {
    if (readsBefore(node, read.has(node.name))) for (const input of node.inputs) read.add(input);
  }
  return read;
}

/** `asked`: somebody behind reads what the node's own records replace. */
function readsBefore(node: PlanNode | TaskNode, asked: boolean): boolean {
  if (node.kind === "internalSink") return node.changes;
  if (node.kind === "tableFilter") return node.store === undefined;
  if (node.kind === "tableMapValues") return node.store === undefined && asked;
  if (node.kind === "tableJoin") return node.tombstones === "kafka";
  if (node.kind === "tableCopy") return false;
  return node.kind === "groupTable" || node.kind === "tableAggregate" || node.kind === "suppress";
}

/** The input is to be a table. */
export function readsTable({ kind }: PlanNode, input: number): boolean {
  if (kind === "streamTableJoin") return input === 1;
  return kind === "groupTable" || JOINED.has(kind) || DERIVED.has(kind);
}

/** Its records are the changes of a table: a row a key, a tombstone for one that goes. */
export function isTable({ kind }: PlanNode): boolean {
  return (
    kind === "aggregate" || kind === "toTable" || kind === "tableAggregate" || JOINED.has(kind) || DERIVED.has(kind)
  );
}

/** Tables made of two. */
const JOINED: ReadonlySet<PlanNode["kind"]> = new Set(["tableJoin", "foreignKeyJoin"] as const);

/** Tables made of one table, with its keys. */
const DERIVED: ReadonlySet<PlanNode["kind"]> = new Set(["tableFilter", "tableMapValues", "suppress"] as const);
