import type {
  ForeignKeyJoinNode,
  GlobalTableNode,
  Plan,
  PlanNode,
  RepartitionNode,
  SourceNode,
  StoreDefinition,
  WatermarkDefinition,
} from "../../../schema/plan.ts";

/** Where the records that another task sent under a tag enter. Has the name of the node that made them. */
export interface InternalSourceNode {
  readonly kind: "internalSource";
  readonly name: string;
  readonly inputs: readonly [];
  readonly tag: number;
  /** Of the records, where they passed one before they were sent. */
  readonly watermark?: (WatermarkDefinition & { readonly delayMs: number }) | undefined;
}

/** Sends the records of its input to an internal topic of the pipeline. */
export interface InternalSinkNode {
  readonly kind: "internalSink";
  readonly name: string;
  readonly inputs: readonly [string];
  /** The logical name, `__<node>`. */
  readonly topic: string;
  readonly tag: number;
  /** The records are changes of a table, and are sent with the value that they replace. */
  readonly changes: boolean;
  /** Every partition gets every record. */
  readonly broadcast: boolean;
  /** The finest step, ms, at which event time can close something behind the topic; undefined where nothing waits for time. */
  readonly stepMs?: number | undefined;
  /** Whether the task that reads the topic tells others in turn how far it has come. */
  readonly relayed?: boolean | undefined;
  /**
   * How long, ms, must nothing come until something behind the topic closes; undefined where nothing does. Its tasks must
   * know whether those before are idle.
   */
  readonly closesAfterMs?: number | undefined;
}

/** Rows of a table of another task, kept where a join reads them; passes on the changes. */
export interface TableCopyNode {
  readonly kind: "tableCopy";
  /** `<table>/rows`, as its store. */
  readonly name: string;
  readonly inputs: readonly [string];
  readonly store: StoreDefinition;
}

/** The rows of a global table: `<table>/rows`, as its store. */
export interface GlobalRowsNode {
  readonly kind: "globalRows";
  readonly name: string;
  readonly inputs: readonly [string];
  readonly store: StoreDefinition;
}

/** Sends rows of the left table to where the rows lie that they name. Its name is `<join>/send`. */
export interface ForeignKeySendNode {
  readonly kind: "foreignKeySend";
  readonly name: string;
  readonly inputs: readonly [string];
  readonly join: ForeignKeyJoinNode;
}

/** Joins rows of the left table, the first input, with those of the right one: `<join>/match`. */
export interface ForeignKeyMatchNode {
  readonly kind: "foreignKeyMatch";
  readonly name: string;
  readonly inputs: readonly [sent: string, right: string];
  readonly join: ForeignKeyJoinNode;
}

/** Keeps the newest result of each left row. Has the name of the join. */
export interface ForeignKeyResultNode {
  readonly kind: "foreignKeyResult";
  readonly name: string;
  readonly inputs: readonly [string];
  readonly join: ForeignKeyJoinNode;
}

export type ForeignKeyNode = ForeignKeySendNode | ForeignKeyMatchNode | ForeignKeyResultNode;

/** A repartition is cut into an internal sink and an internal source, a foreign-key join into three parts, a global table is where its joins are. */
export type TaskNode =
  | Exclude<PlanNode, RepartitionNode | ForeignKeyJoinNode | GlobalTableNode>
  | InternalSourceNode
  | InternalSinkNode
  | TableCopyNode
  | GlobalRowsNode
  | ForeignKeyNode;

/** What one task runs: the nodes between its input log and the topics it writes. */
export interface TaskPlan extends Omit<Plan, "nodes"> {
  /** A users' topic, or the logical name of an internal one, `__<node>`. */
  readonly input: string;
  readonly nodes: readonly TaskNode[];
}

/** One way into an internal topic: the records of `node`, which runs in the task of `input`. */
export interface InternalInput {
  readonly node: string;
  readonly input: string;
  /** The records are sent with the value that they replace. */
  readonly changes?: true;
}

export interface InternalTopic {
  /** Logical, `__<node>`: the Catalog gives it a name for each incarnation. */
  readonly name: string;
  /** The most of the logs it is written from unless given. */
  readonly partitions: number | undefined;
  /** By tag. */
  readonly inputs: readonly InternalInput[];
}

/** A plan cut at its internal topics (Kafka Streams' sub-topologies): every operator is in one task. */
export interface TaskGraph {
  /** A task stands after those that write its input. */
  readonly tasks: readonly TaskPlan[];
  /** In the order of the tasks that read them. */
  readonly internalTopics: readonly InternalTopic[];
}

export function isSource(node: TaskNode): node is SourceNode | InternalSourceNode {
  return node.kind === "source" || node.kind === "internalSource";
}
