// The plan: what the DSL builds and the engine runs. Functions are held as they are; everything else is data.
// A pipeline is (name, version). Nodes stand in topological order and name their inputs.
import type { StateDefinition, Timer, ProcessResult, ProcessFunction } from "./processor-functions.ts";
import type { Sink, ColumnType } from "./sinks.ts";
import type { Windowed, TimeWindows, Windows, JoinWindows } from "./windows.ts";

export type Trigger =
  | { readonly kind: "perEvent" }
  | { readonly kind: "every"; readonly intervalMs: number }
  /** When so many records wait, or the first of them has waited so long. */
  | { readonly kind: "everyRecords"; readonly records: number; readonly atMostMs: number }
  /** Five or six fields, in UTC. */
  | { readonly kind: "cron"; readonly expression: string }
  | { readonly kind: "availableNow" }
  | { readonly kind: "manual" };

/** What a user function may know besides key and value. Times are ms since epoch. */
export interface RecordContext {
  readonly timestampMs: number;
  readonly offset: number;
  readonly topic: string;
  readonly partition: number;
  readonly headers: readonly { readonly key: string; readonly value: Uint8Array | null }[];
}

export type PlanKey = string | Windowed | null;
export type ValueFormat = "json" | "text" | "bytes";
export interface KeyValue {
  readonly key: PlanKey;
  readonly value: unknown;
}

export interface StoreDefinition {
  readonly name: string;
  /** Windowed stores only: how long a window stays readable, by stream time, after it started. At least until it closes. */
  readonly retentionMs?: number | undefined;
}

interface Node<Kind extends string> {
  readonly kind: Kind;
  /** Unique in the plan, e.g. `filter-2`; stable as long as the code that builds it is. */
  readonly name: string;
  readonly inputs: readonly string[];
}

export type SourceNode = Node<"source"> & { readonly topic: string; readonly format: ValueFormat };
export type FilterNode = Node<"filter"> & {
  readonly predicate: (value: unknown, key: PlanKey, context: RecordContext) => boolean;
};
export type MapNode = Node<"map"> & {
  readonly mapper: (value: unknown, key: PlanKey, context: RecordContext) => KeyValue;
};
export type MapValuesNode = Node<"mapValues"> & {
  readonly mapper: (value: unknown, key: PlanKey, context: RecordContext) => unknown;
};
export type FlatMapNode = Node<"flatMap"> & {
  readonly mapper: (value: unknown, key: PlanKey, context: RecordContext) => Iterable<KeyValue>;
};
export type FlatMapValuesNode = Node<"flatMapValues"> & {
  readonly mapper: (value: unknown, key: PlanKey, context: RecordContext) => Iterable<unknown>;
};
/** Calls the function and passes the record on; `foreach` passes nothing on. */
export type PeekNode = Node<"peek"> & {
  readonly action: (value: unknown, key: PlanKey, context: RecordContext) => void;
};
export type ForeachNode = Node<"foreach"> & {
  readonly action: (value: unknown, key: PlanKey, context: RecordContext) => void;
};
/** Gives each record to the first branch whose predicate is true; a branch without one takes what is left. */
export type SplitNode = Node<"split"> & {
  readonly predicates: readonly (((value: unknown, key: PlanKey, context: RecordContext) => boolean) | undefined)[];
};
/** The records of one branch: the consumers of a split are its branches, in their order. */
export type BranchNode = Node<"branch"> & { readonly branch: number };
export type SelectKeyNode = Node<"selectKey"> & {
  readonly selector: (value: unknown, key: PlanKey, context: RecordContext) => string | null;
};
/**
 * count, reduce, aggregate and cogroup are this one node. Records with a null key are dropped and counted (Kafka Streams).
 */
export type AggregateNode = Node<"aggregate"> & {
  readonly store: StoreDefinition;
  readonly windows?: Windows | undefined;
  /** Absent for reduce: the first value is the state. */
  readonly initializer?: (() => unknown) | undefined;
  readonly aggregator: (aggregate: unknown, value: unknown, ...of: [key: string, timestampMs: number]) => unknown;
  /** Of a cogroup: what folds in the records of its second and further inputs. */
  readonly others?: readonly AggregateNode["aggregator"][] | undefined;
  /** The aggregator changes no state in place. Not checked. */
  readonly immutable?: boolean | undefined;
  /** And states hold nothing but numbers, texts and booleans, in lists and objects of their own. Not checked. */
  readonly plain?: boolean | undefined;
  /** The aggregator does not look at values: it gets undefined. */
  readonly counts?: boolean | undefined;
  /** What goes downstream and is read from outside is made of the state by this; absent: it is the state. */
  readonly result?: ((aggregate: unknown) => unknown) | undefined;
  /** Of sessions, which need it: the states of two that become one, the earlier first. */
  readonly merger?: ((earlier: unknown, later: unknown, key: string) => unknown) | undefined;
  /** Of windows: each change of a window is sent, which it is unless told, or each window once, when it has closed. */
  readonly emit?: "onUpdate" | "onClose" | undefined;
  /**
   * Of windows: when nothing has come for so long, ms, event time goes on at the pace of the clock, and windows close.
   * Infinity: never. Absent: CLOSE_WHEN_IDLE_MS with `onClose`, else never.
   */
  readonly closeWhenIdleMs?: number | undefined;
};
/** The records that came too late for every window of the aggregate that it reads. */
export type LateNode = Node<"late">;
/** Passes on the first record of each (key, id) within a time, in either direction. */
export type DedupNode = Node<"dedup"> & {
  readonly store: StoreDefinition;
  readonly withinMs: number;
  /** Absent: the key alone. */
  readonly id?: ((value: unknown, key: PlanKey, context: RecordContext) => string) | undefined;
};
/** One step of a pattern: `min` to `max` records for which the predicate is true. */
export interface PatternStep {
  readonly name: string;
  /** Sees what was taken before, by step. */
  readonly predicate: (
    value: unknown,
    taken: { readonly [step: string]: readonly unknown[] },
    context: RecordContext,
  ) => boolean;
  readonly min: number;
  readonly max: number;
  /** `next`: its records are the very next ones of the key; `later`: others may lie between. */
  readonly contiguity: "next" | "later";
  /** A record between for which this is true ends the attempt. */
  readonly unless?: PatternStep["predicate"] | undefined;
}
/** Sequences of records of a key, in order of arrival (a part of SQL's MATCH_RECOGNIZE). */
export type PatternNode = Node<"pattern"> & {
  readonly store: StoreDefinition;
  readonly steps: readonly PatternStep[];
  /** From the first record of a match to its last, by record time, ms. */
  readonly withinMs: number;
  /** After a match: `pastLast` begins anew behind its last record, `toNext` goes on with what began after its first. */
  readonly skip: "pastLast" | "toNext";
  readonly select: (
    taken: { readonly [step: string]: readonly unknown[] },
    key: string,
    context: RecordContext,
  ) => unknown;
};
/**
 * A processor with state of its own for each key. The second input, if there is one, is a table: a key's first row there is
 * its initial state.
 */
export type ProcessNode = Node<"process"> & {
  readonly store: StoreDefinition;
  readonly states: { readonly [name: string]: StateDefinition };
  /** Its results keep the key. */
  readonly keepsKey: boolean;
  readonly record: ProcessFunction<unknown>;
  readonly timer?: ProcessFunction<Timer> | undefined;
  /** Of timers by the clock on the wall: only a processor that has it sees that clock. */
  readonly wallClockTimer?: ProcessFunction<Timer> | undefined;
  readonly initial?: ProcessFunction<unknown> | undefined;
  /** As of an aggregate: when nothing has come for so long, timers fire. Absent: never. */
  readonly closeWhenIdleMs?: number | undefined;
};
/**
 * Pairs of records of two streams with one key, the left one first among the inputs; a stream joined with itself is there
 * twice. A record without a value is dropped, one without a key too where its side is not `kept`.
 */
export type StreamJoinNode = Node<"streamJoin"> & {
  /** As of an aggregate. Unless given, a minute where what matches none comes out on close. */
  readonly closeWhenIdleMs?: number | undefined;
  readonly inputs: readonly [left: string, right: string];
  /** `left` and `outer` keep records of the left, or of both sides, that match none; `semi` passes on left records that match any. */
  readonly join: "inner" | "left" | "outer" | "semi";
  readonly store: StoreDefinition;
  /**
   * How far apart they may be, or that they are in one window of those that tumble. Absent: whatever their times are. Inner
   * and semi only, and their state is never let go.
   */
  readonly windows?: JoinWindows | TimeWindows | undefined;
  /** What else makes a pair match. */
  readonly where?: ((left: unknown, right: unknown, key: string) => boolean) | undefined;
  /** Absent for semi. A side that is not there is null, and then the key may be null too. */
  readonly joiner?: ((left: unknown, right: unknown, key: string | null) => unknown) | undefined;
  /**
   * When a record of a kept side that matches none comes out. `onClose`: once, when nothing in time can match it any more,
   * and then it matches nothing. `eager`: at once, and matches may follow (Kafka Streams before 3.1, ksqlDB without GRACE
   * PERIOD). `kafka`: as Kafka Streams from 3.1 on, on close, but at once where stream time has passed its window, inside
   * the grace too; and what is late may still match it.
   */
  readonly unmatched: "onClose" | "eager" | "kafka";
  /** Inner only: a left record comes out with the first right record that it matches, and is then let go of. */
  readonly once?: boolean | undefined;
};
/**
 * Keeps the last value of each key; null removes it. A versioned one keeps by time, also what each row was before, and
 * sends what is new by time alone: a record out of order changes what was.
 */
export type TableNode = Node<"toTable"> & {
  readonly store: StoreDefinition;
  readonly versioned?: VersionedTable | undefined;
};
/** Rows of a topic that every task has which joins them, whatever the keys of its records are: see GlobalJoinNode. */
export type GlobalTableNode = Node<"globalTable">;
/**
 * Each record of a stream with the row of a global table that its key selector names; the key and the time stay. Both go
 * through an internal topic, the stream's records to one partition, the table's to every one: their order there is what a
 * replay repeats, which a feed beside the log would have to write down. A record without a value is dropped, one that
 * names no row too unless the join is `left`.
 */
export type GlobalJoinNode = Node<"globalJoin"> & {
  readonly inputs: readonly [stream: string, table: string];
  readonly join: "inner" | "left";
  readonly key: (value: unknown, key: PlanKey, context: RecordContext) => string | null;
  readonly joiner: (value: unknown, row: unknown, key: PlanKey) => unknown;
};
/** What a function that looks up may use: the bindings of the Worker, and an AbortSignal that fires when its time is over. */
export interface LookupContext {
  readonly env: unknown;
  readonly signal: unknown;
}
/** Rows of a D1 table that exists, by columns whose values only one row has. */
export interface D1Lookup {
  readonly kind: "d1";
  /** Of the database. */
  readonly binding: string;
  readonly table: string;
  readonly columns: { readonly [column: string]: ColumnType };
  readonly key: readonly string[];
}
/** What an async function finds; `http` says for reading that it asks a service. */
export interface FunctionLookup {
  readonly kind: "function" | "http";
  /** Keys of one call. */
  readonly atMost: number;
  /** One value for each key, in their order: null or undefined where there is nothing, an Error where that key failed. */
  readonly find: (keys: readonly unknown[], context: LookupContext) => Promise<readonly unknown[]>;
}
export type LookupSource = D1Lookup | FunctionLookup;
/**
 * Each record of a stream with what is found elsewhere for the key that its selector gives, asked for outside the
 * transaction. What comes of it goes through an internal topic, so all behind is a function of a log again. A record
 * without a value is dropped, one that looks up nothing too unless the join is `left`.
 */
export type LookupNode = Node<"lookup"> & {
  readonly join: "inner" | "left";
  readonly source: LookupSource;
  /** JSON; null looks up nothing. Equal JSON is one key. */
  readonly key: (value: unknown, key: PlanKey, context: RecordContext) => unknown;
  /** `left` joins what is not found with null. */
  readonly joiner: (value: unknown, found: unknown, key: PlanKey) => unknown;
  /** Of one call. */
  readonly timeoutMs: number;
  /** After the first try; the pause before each is twice the one before, from `backoffMs`. */
  readonly retries: number;
  readonly backoffMs: number;
  /** Calls under way at once. */
  readonly concurrency: number;
  /** Of each partition; absent: what is found serves one slice. */
  readonly cache?: { readonly entries: number; readonly ttlMs: number } | undefined;
};
export interface VersionedTable {
  /** How far back rows are known, behind the largest time that came to the table. A record that is older is late. */
  readonly historyMs: number;
}
/**
 * Each record of a stream, first among the inputs, with the row of its key in a table: as it is, or of a versioned one as
 * it was at the record's time. A record without a value is dropped, one without a key too unless the join is `left`.
 */
export type StreamTableJoinNode = Node<"streamTableJoin"> & {
  readonly inputs: readonly [stream: string, table: string];
  readonly join: "inner" | "left";
  /** Where records wait. */
  readonly store: StoreDefinition;
  /** `left` joins what has no row with null. */
  readonly joiner: (value: unknown, row: unknown, key: string | null) => unknown;
  /** A record is joined when the stream's time has passed its own by so much. */
  readonly graceMs?: number | undefined;
  /** As of an aggregate. Unless given, a minute where records wait. */
  readonly closeWhenIdleMs?: number | undefined;
};
/** Rows of two tables with one key, made anew with every change of either; null from the joiner is no row. */
export type TableJoinNode = Node<"tableJoin"> & {
  readonly inputs: readonly [left: string, right: string];
  /** Which sides a row needs: both, the left, or any. */
  readonly join: "inner" | "left" | "outer";
  /** The rows of the join. */
  readonly store: StoreDefinition;
  /** Of the keys of both tables, with the longer grace; undefined where keys are text. */
  readonly windows?: Windows | undefined;
  readonly joiner: (left: unknown, right: unknown, key: Exclude<PlanKey, null>) => unknown;
  /**
   * `exact`: a row that was sent and is no more has one tombstone. `kafka`: by the change alone, as Kafka Streams does it,
   * which loses or repeats tombstones where one change reaches the join on two ways.
   */
  readonly tombstones: "exact" | "kafka";
};
/**
 * Each row of the left table with the row of the right one whose key it names, under the left key; many rows may name one.
 * Made anew with every change of either; null from the joiner is no row.
 */
export type ForeignKeyJoinNode = Node<"foreignKeyJoin"> & {
  readonly inputs: readonly [left: string, right: string];
  readonly join: "inner" | "left";
  /** The rows of the join. */
  readonly store: StoreDefinition;
  /** null names no row. */
  readonly foreignKey: (row: unknown, key: string) => string | null;
  readonly joiner: (left: unknown, right: unknown, key: string) => unknown;
};
// Functions of tables get value and key alone, never null: they are asked again about the value that a row replaces.

/** The rows of a table for which the predicate is true, kept in a store where there is one. */
export type TableFilterNode = Node<"tableFilter"> & {
  readonly predicate: (value: unknown, key: PlanKey) => boolean;
  readonly store?: StoreDefinition | undefined;
};
/** The rows of a table with other values; null is no row. */
export type TableMapValuesNode = Node<"tableMapValues"> & {
  readonly mapper: (value: unknown, key: PlanKey) => unknown;
  readonly store?: StoreDefinition | undefined;
};
/** Changes of a table by the key of their group: what a row was leaves one group, what it is comes into one. */
export type GroupTableNode = Node<"groupTable"> & {
  readonly selector: (value: unknown, key: PlanKey) => KeyValue;
};
/** How many changes may be held back; undefined is any number. */
export interface SuppressBufferBounds {
  readonly maxRecords?: number | undefined;
  readonly maxBytes?: number | undefined;
  /** The oldest go before their time, or the task stops. */
  readonly whenFull: "emitEarly" | "shutDown";
}
/** Holds changes of a table back, and sends the last change of each key. */
export type SuppressNode = Node<"suppress"> & {
  readonly store: StoreDefinition;
  /** `windowCloses`: until the window's end, and then no row that is gone; `timeLimit`: from the key's first change on. */
  readonly until: "windowCloses" | "timeLimit";
  /** Beyond it, by stream time, ms: the grace of the windows, or the limit. */
  readonly waitMs: number;
  readonly buffer: SuppressBufferBounds;
};
/** One state for each group of rows; null removes it. Reads a `groupTable`. */
export type TableAggregateNode = Node<"tableAggregate"> & {
  readonly store: StoreDefinition;
  /** Absent for reduce: the first row is the state. */
  readonly initializer?: (() => unknown) | undefined;
  readonly adder: AggregateNode["aggregator"];
  readonly subtractor: (aggregate: unknown, value: unknown, key: string) => unknown;
  /** As of an `aggregate`. */
  readonly result?: AggregateNode["result"];
};
/** A record of a micro-batch, as functions over whole batches see it. */
export interface BatchRecord {
  readonly key: PlanKey;
  readonly value: unknown;
  readonly timestampMs: number;
  readonly offset: number;
}
/** The micro-batch at work. A batch that is run again after a crash has the same id, records and time. */
export interface BatchContext {
  /** Grows by one with every batch of a task. */
  readonly batchId: number;
  /** When the batch was decided, ms since epoch. */
  readonly nowMs: number;
  readonly topic: string;
  readonly partition: number;
}
/** All records of a micro-batch at once, inside its transaction. */
export type MapBatchNode = Node<"mapBatch"> & {
  readonly mapper: (records: readonly BatchRecord[], context: BatchContext) => Iterable<ProcessResult>;
};
/** One SELECT of SQLite over the records of a micro-batch, `batch`, and stores of its task by their names. */
export type BatchSqlNode = Node<"batchSql"> & {
  readonly query: string;
  readonly parameters: readonly (string | number | null)[];
  /** By the name that the query uses. */
  readonly stores: { readonly [alias: string]: string };
};
/** An async function over the records of each micro-batch, outside the transaction: at least once, with the batch's id. */
export type ForEachBatchNode = Node<"forEachBatch"> & {
  readonly action: (
    records: readonly BatchRecord[],
    context: BatchContext & { readonly env: unknown },
  ) => Promise<void>;
  readonly timeoutMs: number;
};
/** All rows of a table at the end of every micro-batch (Spark's complete mode). */
export type CompleteNode = Node<"complete"> & {
  /** The store of the table that it reads. */
  readonly storeName: string;
  readonly windows?: Windows | undefined;
};
/** Records of windows under their key without the window, which is where they lie already. */
export type UnwindowNode = Node<"unwindow"> & {
  readonly mapper: (value: unknown, window: Windowed, context: RecordContext) => unknown;
};
/** What all watermarks of a plan share. */
export interface WatermarkDefinition {
  /** `everyBatch` is Spark's: the watermark stands still in a micro-batch and moves at its end. */
  readonly moves: "everyRecord" | "everyBatch";
  /** Of several inputs. */
  readonly policy: "min" | "max";
  /** A watermark that has moved at the end of a batch is followed by a batch without records. */
  readonly emptyBatch: boolean;
}
/** Event time behind it is the largest time that passed less a delay. */
export type WatermarkNode = Node<"watermark"> & WatermarkDefinition & { readonly delayMs: number };
/** The records of all its inputs, in the order in which they arrive. */
export type MergeNode = Node<"merge">;
/** Places records by their key again, in an internal topic of so many partitions; as many as before unless given. */
export type RepartitionNode = Node<"repartition"> & { readonly partitions?: number | undefined };
export type SinkNode = Node<"sink"> & { readonly sink: Sink };

export type PlanNode =
  | SourceNode
  | FilterNode
  | MapNode
  | MapValuesNode
  | FlatMapNode
  | FlatMapValuesNode
  | PeekNode
  | ForeachNode
  | SplitNode
  | BranchNode
  | SelectKeyNode
  | AggregateNode
  | LateNode
  | DedupNode
  | PatternNode
  | ProcessNode
  | StreamJoinNode
  | StreamTableJoinNode
  | TableJoinNode
  | ForeignKeyJoinNode
  | GlobalTableNode
  | GlobalJoinNode
  | LookupNode
  | TableNode
  | TableFilterNode
  | TableMapValuesNode
  | GroupTableNode
  | TableAggregateNode
  | SuppressNode
  | MapBatchNode
  | BatchSqlNode
  | ForEachBatchNode
  | CompleteNode
  | WatermarkNode
  | UnwindowNode
  | MergeNode
  | RepartitionNode
  | SinkNode;

/** What becomes of a record on which user code throws. */
export type ErrorPolicy =
  | { readonly kind: "deadLetter" }
  /** The task stops at the record, its state kept, until it is resumed. */
  | { readonly kind: "fail" }
  /** It is tried again so often, after growing pauses from `backoffMs`, while the task waits; then it is a dead letter. */
  | { readonly kind: "retry"; readonly times: number; readonly backoffMs: number }
  /** It is a dead letter, and so is every later record of its key, until they are redriven. */
  | { readonly kind: "parkKey" };

export interface Plan {
  readonly name: string;
  readonly version: number;
  readonly trigger: Trigger;
  readonly nodes: readonly PlanNode[];
  /** Where records go, as they came, that user code throws on or a sink cannot take. */
  readonly deadLetterTopic: string;
  /** Absent: `deadLetter`. */
  readonly onError?: ErrorPolicy | undefined;
  /** `fork`: it does not take the place of an earlier version by itself, but when it has been forked and swapped. */
  readonly takesOver?: "fork" | undefined;
  /** What it writes may come back to it, straight or by other pipelines that allow it too. */
  readonly allowCycle?: true | undefined;
}
