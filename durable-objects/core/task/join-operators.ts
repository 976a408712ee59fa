import type {
  GlobalJoinNode,
  StreamJoinNode,
  StreamTableJoinNode,
  TableJoinNode,
  TableNode,
  VersionedTable as Versioned,
} from "../../../schema/plan.ts";
import { assert } from "../assert.ts";
import type { OperatorClock } from "../operator/clock.ts";
import { ForeignKeyMatch, ForeignKeyRight } from "../operator/foreign-key-match.ts";
import { ForeignKeyResult } from "../operator/foreign-key-result.ts";
import { ForeignKeySend } from "../operator/foreign-key-send.ts";
import { GlobalJoin } from "../operator/global-join.ts";
import { GlobalRows } from "../operator/global-rows.ts";
import { type JoinRows, LastingRows, LastingStore } from "../operator/join-rows.ts";
import { openStreamJoin } from "../operator/open-stream-join.ts";
import type { Operator, Output, Runtime } from "../operator/operator.ts";
import { shownBy } from "../operator/result-payload.ts";
import { type JoinGrace, StreamTableJoin, TableInput } from "../operator/stream-table-join.ts";
import { TableCopy } from "../operator/table-copy.ts";
import { TableJoin } from "../operator/table-join.ts";
import { RowStore } from "../operator/table-row.ts";
import { type Rows, TableRows } from "../operator/table-rows.ts";
import { ToTable } from "../operator/to-table.ts";
import { openVersionedRows, type VersionedRows } from "../operator/versioned-rows.ts";
import { VersionedTable } from "../operator/versioned-table.ts";
import { WaitingRecords } from "../operator/waiting-records.ts";
import { rowsOf } from "../plan/rows.ts";
import { numbersOf, sizeOf, versionsOf } from "../plan/stores.ts";
import type { ForeignKeyNode, GlobalRowsNode, TableCopyNode, TaskNode, TaskPlan } from "../plan/task-plan.ts";
import { openWindowedJoin } from "./open-windowed-join.ts";

/** Joins, and the tables whose rows they read. */
export type JoinKind =
  | TableNode
  | TableCopyNode
  | StreamJoinNode
  | StreamTableJoinNode
  | TableJoinNode
  | ForeignKeyNode
  | GlobalRowsNode
  | GlobalJoinNode;

const KINDS: ReadonlySet<TaskNode["kind"]> = new Set<JoinKind["kind"]>([
  "toTable",
  "tableCopy",
  "streamJoin",
  "streamTableJoin",
  "tableJoin",
  "foreignKeySend",
  "foreignKeyMatch",
  "foreignKeyResult",
  "globalRows",
  "globalJoin",
]);

export function isOfJoin<Node extends TaskNode>(node: Node): node is Node & JoinKind {
  return KINDS.has(node.kind);
}

export interface JoinOperatorsParts {
  readonly plan: TaskPlan;
  readonly runtime: Runtime;
  /** The clock of a node, made when it is first asked for, with an input for each of its inputs. */
  readonly clockOf: (node: TaskNode) => OperatorClock;
}

/** Makes the operators of joins, and of the tables whose rows they read. */
export class JoinOperators {
  readonly #parts: JoinOperatorsParts;
  readonly #versioned = new Map<string, VersionedRows>();

  constructor(parts: JoinOperatorsParts) {
    this.#parts = parts;
  }

  /** One for all inputs of the node, or one for each. */
  operator(node: JoinKind, output: Output): Operator | readonly Operator[] {
    const { runtime, clockOf } = this.#parts;
    switch (node.kind) {
      case "toTable":
        return this.#table(node, output);
      case "tableCopy":
        return this.#tableCopy(node, output);
      case "streamJoin":
        return openStreamJoin({ node, clock: node.windows === undefined ? undefined : clockOf(node) }, runtime, output);
      case "streamTableJoin":
        return this.#streamTableJoin(node, output);
      case "tableJoin":
        return this.#tableJoin(node, output);
      case "globalRows":
        return this.#globalRows(node);
      case "globalJoin":
        return this.#globalJoin(node, output);
      case "foreignKeySend":
      case "foreignKeyMatch":
      case "foreignKeyResult":
        return this.#foreignKey(node, output);
    }
  }

  #tableCopy(node: TableCopyNode, output: Output): Operator {
    const { runtime } = this.#parts;
    const store = runtime.cache.open(node.store.name, "keyValue");
    return new TableCopy(node.name, new RowStore({ name: node.name, store }, runtime), output);
  }

  #streamTableJoin(node: StreamTableJoinNode, output: Output): readonly Operator[] {
    const parts = { node, rows: this.#rows(node.inputs[1]), grace: this.#grace(node) };
    return [new StreamTableJoin(parts, this.#parts.runtime, output), new TableInput(node.name)];
  }

  #tableJoin(node: TableJoinNode, output: Output): readonly Operator[] {
    const { plan, runtime, clockOf } = this.#parts;
    if (node.windows !== undefined) return openWindowedJoin(node, { plan, runtime, clockOf, output });
    const { name, inputs } = node;
    const rows = (input: string): JoinRows => new LastingRows(this.#rows(input), name);
    const store = new LastingStore(runtime.cache, runtime.cache.open(node.store.name, "keyValue"), name);
    return new TableJoin({ node, rows: [rows(inputs[0]), rows(inputs[1])], store }, runtime, output).sides;
  }

  #globalRows({ name, store }: GlobalRowsNode): Operator {
    const { runtime } = this.#parts;
    const [rows, size] = [
      runtime.cache.open(store.name, "keyValue"),
      runtime.cache.open(sizeOf(store.name), "keyValue"),
    ];
    return new GlobalRows({ name, rows, size }, runtime);
  }

  #globalJoin(node: GlobalJoinNode, output: Output): readonly Operator[] {
    const join = new GlobalJoin({ node, rows: this.#rows(node.inputs[1]) }, this.#parts.runtime, output);
    return [join, new TableInput(node.name)];
  }

  #foreignKey(node: ForeignKeyNode, output: Output): Operator | readonly Operator[] {
    const { runtime } = this.#parts;
    const { cache } = runtime;
    const { name, join } = node;
    if (node.kind === "foreignKeySend") {
      const [sent, numbers] = [cache.open(name, "keyValue"), cache.open(numbersOf(name), "keyValue")];
      return new ForeignKeySend({ node, sent, numbers }, runtime, output);
    }
    if (node.kind === "foreignKeyResult") {
      const { store } = join;
      const [rows, versions] = [cache.open(store.name, "keyValue"), cache.open(versionsOf(store.name), "keyValue")];
      return new ForeignKeyResult({ name, rows, versions }, runtime, output);
    }
    const kept = cache.openOrdered(name, { bucketMs: 0 });
    const match = new ForeignKeyMatch({ node, kept, rows: this.#rows(node.inputs[1]) }, runtime, output);
    return [match, new ForeignKeyRight(match)];
  }

  #table(node: TableNode, output: Output): Operator {
    const { runtime, clockOf } = this.#parts;
    const { store, versioned } = node;
    if (versioned === undefined)
      return new ToTable({ node, store: runtime.cache.open(store.name, "keyValue") }, runtime, output);
    const rows = this.#versions(node, versioned);
    return new VersionedTable({ node, clock: clockOf(node), rows }, runtime, output);
  }

  /** The rows of a table of this task. */
  #rows(name: string): Rows {
    const { plan, runtime } = this.#parts;
    const table = plan.nodes.find((node) => node.name === name && node.kind !== "internalSource");
    if (table?.kind === "toTable" && table.versioned !== undefined) return this.#versions(table, table.versioned);
    const place = table === undefined ? undefined : rowsOf(table);
    assert(place !== undefined, `the rows of ${name} are kept in the task of those that join them`);
    const shown = shownBy({ name, result: place.result }, runtime.trace);
    return new TableRows(runtime.cache, runtime.cache.open(place.store, "keyValue"), shown);
  }

  /** One for a table, whoever reads it. */
  #versions(node: TableNode, { historyMs }: Versioned): VersionedRows {
    const known = this.#versioned.get(node.name);
    if (known !== undefined) return known;
    const { runtime, clockOf } = this.#parts;
    const rows = openVersionedRows({ node, clock: clockOf(node), historyMs }, runtime.cache);
    this.#versioned.set(node.name, rows);
    return rows;
  }

  /** Time is that of the stream alone. */
  #grace(node: StreamTableJoinNode): JoinGrace | undefined {
    const { graceMs, store, inputs } = node;
    if (graceMs === undefined) return undefined;
    const { runtime, clockOf } = this.#parts;
    const { cache } = runtime;
    const clock = clockOf({ ...node, inputs: [inputs[0]] } as unknown as TaskNode);
    return { graceMs, clock, waiting: new WaitingRecords(cache, cache.open(store.name, "window")) };
  }
}
