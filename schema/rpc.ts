// What crosses between Workers, the Catalog and Partitions. Every method takes one object and ignores fields it does not
// know (a deploy may be half out); refusals are values, because errors lose their class over Durable Object RPC.
import type { LetterKind } from "./dead-letter.ts";
import type { Answer } from "./error.ts";
import type { Bytes, Header } from "./record.ts";
import type { Windows } from "./windows.ts";
import type { TopicConfig } from "./topic-config.ts";

export interface TopicIdentity {
  readonly topic: string;
  /** New for every creation, so a topic created again never meets old data. */
  readonly topicId: string;
  readonly partitions: number;
  readonly config: TopicConfig;
}

/** The Durable Object name of a partition. */
export function partitionName(topicId: string, partition: number): string {
  return `${topicId}/${partition}`;
}

/**
 * One RecordBatch for one partition. The caller (an ingress Worker) has validated it whole: CRC, record count, dense
 * offset deltas, contents within limits, timestamps up to MAX_TIMESTAMP_MS. The Partition does not look inside again; it
 * checks what only it knows: the topic's settings against the largest record and the largest time, and the producer.
 */
export interface AppendRequest {
  readonly batch: Bytes;
  /** Size of the largest record unfolded, bytes. */
  readonly largestRecordBytes: number;
  /** Set when the request carried Producer-Id/Epoch/Sequence headers; absent, the batch's own producer fields count. */
  readonly requestSequence?: RequestSequence | undefined;
  /** Answer only when tasks per event have run these records, or when what they sent has arrived. */
  readonly await?: "processed" | "delivered" | undefined;
}

export interface RequestSequence {
  readonly producerId: string;
  readonly epoch: number;
  readonly sequence: number;
  /** Equal for equal records; does not see timestamps that the server filled in. */
  readonly fingerprint: number;
}

/** What a task per event sent for the records of an append. */
export interface Processed {
  readonly pipeline: string;
  readonly records: readonly SentRecord[];
}

/** A record that a task sent to a users' topic. */
export interface SentRecord {
  readonly topic: string;
  readonly partition: number;
  readonly key: Bytes | null;
  readonly value: Bytes | null;
  readonly timestampMs: number;
  readonly headers: readonly Header[];
}

export interface Appended {
  /** -1 where a duplicate is older than what is remembered. */
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly duplicate: boolean;
  /** With `await: "processed"`; absent after too long a backlog, and for a duplicate. */
  readonly processed?: readonly Processed[] | undefined;
  /** With `await: "delivered"`; false when it took too long. */
  readonly delivered?: boolean | undefined;
}

export interface ReadRequest {
  readonly from: { readonly offset: number } | { readonly timestampMs: number } | "earliest" | "latest";
  readonly maxBytes: number;
  readonly maxRecords: number;
  /** Long poll: wait this long, ms, for a first record. */
  readonly waitMs: number;
}

export interface ReadAnswer {
  /** Stored batches one after another; the first may begin before `startOffset`, the last may end after the wanted count. */
  readonly batches: Bytes;
  /** First offset the reader asked for, resolved. */
  readonly startOffset: number;
  readonly logStartOffset: number;
  readonly logEndOffset: number;
}

export interface PartitionDescription {
  readonly partition: number;
  readonly logStartOffset: number;
  readonly logEndOffset: number;
  readonly bytes: number;
  /** Largest record time, -1 when empty. */
  readonly lastTimestamp: number;
}

export interface ProducerPosition {
  readonly epoch: number;
  readonly lastSequence: number;
}

/** Rows of another task's outbox, in sequence order. */
export interface DeliverRequest {
  /** `pipeline/incarnation/topicId/partition` of the sending task. */
  readonly source: string;
  readonly rows: readonly { readonly sequence: number; readonly batch: Bytes }[];
  /** To an internal topic: the code that sends. A task that runs other code refuses it as `stale_plan` (ENG-24). */
  readonly code?: PlanIdentity | undefined;
}

export interface PlanIdentity {
  readonly version: number;
  /** Equal for equal code. */
  readonly hash: string;
}

/** A topic that a task writes, resolved once: id and partition count never change. */
export interface OutputTopic {
  readonly topicId: string;
  readonly partitions: number;
  /**
   * Of an internal topic: the number, among the tasks that write it, of this task in partition 0; in partition n it is
   * `from + n`.
   */
  readonly from?: number | undefined;
  /** How many tasks write it. */
  readonly upstreams?: number | undefined;
}

export type StartFrom = "earliest" | "latest";

/** Where a task on a users' topic begins. */
export interface TaskStart {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

export interface AttachRequest {
  readonly pipeline: string;
  readonly version: number;
  readonly incarnation: number;
  readonly from: "earliest" | "latest";
  /** What the task reads: the topic by its name, or an internal one by its logical name `__<node>`. */
  readonly input: string;
  /** By name; internal ones by their logical names. */
  readonly outputs: { readonly [topic: string]: OutputTopic };
  /** Of an internal input, by tag: the numbers of the tasks that write it, `from <= number < to`. */
  readonly upstreams: readonly { readonly from: number; readonly to: number }[];
  /** How the plan is cut: a task whose code is cut otherwise does not run (ENG-12). */
  readonly wiring: string;
  /** Of a fork: it runs beside the pipeline's task, and what it has for users' topics and sinks is not sent. */
  readonly muted?: boolean | undefined;
  /**
   * At a start in order (CAT-23): `first` runs to the end of its log of this moment whatever the trigger; `held` waits,
   * paused, until it is resumed.
   */
  readonly order?: "first" | "held" | undefined;
}

export interface Attached {
  readonly startOffset: number;
  /** Where the log ended when the task was attached first, of one that is to run that far. */
  readonly endOffset: number;
}

export interface DrainRequest {
  readonly pipeline: string;
  /** The one that is not muted, unless given. */
  readonly incarnation?: number | undefined;
  readonly timeoutMs: number;
  /** Offset to which the task should come; where its log ends unless given. */
  readonly to?: number | undefined;
  /** What has been sent to the pipeline's own topics is waited for, and nothing else; files stay open. */
  readonly within?: boolean | undefined;
}

export interface RetireRequest {
  readonly pipeline: string;
  /** Tasks of older incarnations end. */
  readonly before: number;
  /** Those of this incarnation alone. */
  readonly only?: number | undefined;
  /** Waits so long, ms, for what they have in the outbox to be delivered. */
  readonly waitMs: number;
  /** What they have for D1 and R2 is not delivered any more, except what is on its way. */
  readonly drop?: boolean | undefined;
}

/** A dead letter for the task that sent it. */
export interface LetterPlace {
  /** Where it lies in the dead-letter topic. */
  readonly partition: number;
  readonly offset: number;
  readonly incarnation: number;
  readonly kind: LetterKind;
  readonly key: Bytes | null;
  /** In the task's input; -1 of what a target refused. */
  readonly taskOffset: number;
}

/** Where a partition of a dead-letter topic begins. */
export interface LetterStart {
  readonly partition: number;
  readonly offset: number;
}

export interface LetterToRedrive extends LetterPlace {
  /** As it lies in the task's input; of what a target refused as the target was to have it. */
  readonly value: Bytes | null;
  readonly timestampMs: number;
  readonly headers: readonly Header[];
  /** Of what a target refused. */
  readonly target?: string | undefined;
}

/**
 * `waiting`: it can be redriven. `redriven`: it was. `former`: its incarnation has ended, and what came after has read the
 * record anew. `unfit`: it is no record of the input, or larger than what can be kept.
 */
export type LetterState = "waiting" | "redriven" | "former" | "unfit";

/** How many were in each state when they were to be redriven; those `waiting` are redriven now. */
export type RedriveCounts = { readonly [state in LetterState]: number };

export interface TaskStatus {
  readonly pipeline: string;
  readonly version: number;
  readonly incarnation: number;
  /** What it reads: an internal topic by its logical name `__<node>`. */
  readonly topic: string;
  readonly partition: number;
  readonly state: "running" | "paused" | "failed";
  readonly position: number;
  readonly lag: number;
  /** It is of a fork, and nothing of it goes to users' topics and sinks. */
  readonly muted: boolean;
  /** Where it stops for a swap. */
  readonly stopAt?: number | undefined;
  /** Event time by which windows close here (ENG-34); -1 while it has not begun. */
  readonly watermark: number;
  readonly recordsIn: number;
  readonly recordsOut: number;
  readonly lateRecords: number;
  readonly deadLetters: number;
  readonly skippedRecords: number;
  /** Records an operator must drop: a null key in an aggregate. */
  readonly droppedRecords: number;
  /** Undelivered outbox rows. */
  readonly outbox: number;
  /** Dead letters, or parked keys, that it was given again and has still to run. */
  readonly redriving: number;
  /** Of an internal input: tasks `topic/partition` that hold event time back, because they have not come further (ENG-20). */
  readonly heldBackBy?: readonly string[] | undefined;
  /** By its slices so far: rows of state and outbox, and the task's own. */
  readonly rowsWritten: number;
  readonly lastBatch?:
    | {
        readonly batchId: number;
        readonly from: number;
        readonly to: number;
        readonly durationMs: number;
        readonly rowsWritten: number;
      }
    | undefined;
  readonly error?: string | undefined;
}

/** What a request may say of the rows of a store that it wants; of `times`, those of windows or rows. */
export type StoreRead = "key" | "prefix" | "range" | "times" | "asOf";

export interface StoreDescription {
  readonly name: string;
  readonly kind: "keyValue" | "versioned" | "window" | "list" | "map" | "joinSide";
  readonly windows?: Windows["kind"] | undefined;
  /** Fields that together tell its rows apart. */
  readonly key: readonly ("key" | "start" | "end" | "name" | "at" | "seq")[];
  readonly reads: readonly StoreRead[];
}

/** Where a row lies among the rows of its store. */
export interface StorePlace {
  readonly key: string;
  readonly at: number;
  readonly seq: number;
}

/** Rows of a range, in the order of the store. `fromKey <= key < toKey`; both times are included. */
export interface StoreScan {
  readonly kind: "scan";
  readonly fromKey?: string | undefined;
  readonly toKey?: string | undefined;
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
  /** From this place on, the row at it included only if `inclusive`. */
  readonly after?: StorePlace | undefined;
  readonly inclusive?: boolean | undefined;
  readonly limit: number;
  /** Ends behind the row with which keys and values are longer than this, characters. */
  readonly maxCharacters?: number | undefined;
}

/** Where rows have a key alone; `asOfMs`: as it was then, of a versioned store. */
export interface StoreKeyRead {
  readonly kind: "key";
  readonly key: string;
  readonly asOfMs?: number | undefined;
}

export type StoreQuery = StoreKeyRead | StoreScan;

export interface StoreReadRequest {
  readonly pipeline: string;
  readonly store: string;
  readonly query: StoreQuery;
  /** Wait until the task's position is at least this, up to `waitMs`. */
  readonly minOffset?: number | undefined;
  readonly waitMs: number;
}

/** `value` is JSON text: it is never parsed on the way out. Other fields as the store's description names them. */
export interface StoreRow {
  readonly key: string;
  readonly value: string;
  readonly start?: number | undefined;
  readonly end?: number | undefined;
  readonly name?: string | undefined;
  readonly at?: number | undefined;
  readonly seq?: number | undefined;
  /** Largest record time in it; of a versioned row, the time from which it holds. */
  readonly timestampMs: number;
  readonly place: StorePlace;
}

export interface StoreAnswer {
  readonly rows: readonly StoreRow[];
  /** How rows lie: by key, then time, or by time, then key. */
  readonly order: "key" | "time";
  /** Input the rows reflect: every record below `offset`. */
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** Behind which the next page begins; absent at the end. */
  readonly next?: StorePlace | undefined;
}

export interface StoreSqlRequest {
  readonly pipeline: string;
  readonly sql: string;
  readonly parameters: readonly SqlValue[];
  /** Only rows of this key. */
  readonly key?: string | undefined;
  /** What is to be merged with the answers of other partitions. */
  readonly part: boolean;
  readonly maxRows: number;
  readonly minOffset?: number | undefined;
  readonly waitMs: number;
}

export type SqlValue = string | number | null;

export interface StoreSqlAnswer {
  readonly rows: readonly (readonly SqlValue[])[];
  /** There are more than `maxRows`. */
  readonly more: boolean;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** Where a follower of a store stands in one partition. */
export interface ChangesCursor {
  readonly incarnation: number;
  /** When the changes began to be kept: those of another time are others. */
  readonly beganMs: number;
  readonly seq: number;
  /** A snapshot is being taken: rows up to `after` have been told, none while it is absent. */
  readonly taking?: { readonly after?: StorePlace | undefined } | undefined;
}

export interface ChangesRequest {
  readonly pipeline: string;
  readonly store: string;
  readonly key?: string | undefined;
  /** Absent: from a snapshot on. */
  readonly cursor?: ChangesCursor | undefined;
  /** Rows of a page of a snapshot. */
  readonly limit: number;
  /** Waits so long, ms, for something to tell. */
  readonly waitMs: number;
}

/** `value` is JSON text; null where the row has gone. */
export type StoreChange = Pick<StoreRow, StoreDescription["key"][number]> & { readonly value: string | null };

export interface ChangesAnswer {
  /** The cursor stood for what is not known any more: what was told of the partition is void, a snapshot begins. */
  readonly reset: boolean;
  /** In their order; they come before `rows`. */
  readonly changes: readonly StoreChange[];
  /** The next page of a snapshot. */
  readonly rows: readonly StoreRow[];
  /** That was the last page: from now on there are changes alone. */
  readonly ready: boolean;
  readonly cursor: ChangesCursor;
  /** Input that is reflected by all that has been told: every record below `offset`. */
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

export interface PartitionRpc {
  open(request: { topic: string; topicId: string; partition: number; config: TopicConfig }): Promise<Answer>;
  configure(request: { config: TopicConfig }): Promise<Answer>;
  /**
   * Records before the offset are not there any more, whether tasks have read them or not; an offset before the start changes
   * nothing.
   */
  trim(request: { offset: number }): Promise<Answer<{ readonly logStartOffset: number }>>;
  erase(request: object): Promise<Answer>;
  append(request: AppendRequest): Promise<Answer<Appended>>;
  read(request: ReadRequest): Promise<Answer<ReadAnswer>>;
  describe(request: object): Promise<Answer<PartitionDescription>>;
  producer(request: { producerId: string }): Promise<Answer<{ readonly position: ProducerPosition | null }>>;
  deliver(request: DeliverRequest): Promise<Answer<{ readonly last: number }>>;
  attach(request: AttachRequest): Promise<Answer<Attached>>;
  /** Stops the pipeline's task for good with this error; its state is kept. */
  fail(request: { pipeline: string; reason: string }): Promise<Answer>;
  /**
   * Ends the pipeline's tasks of older incarnations here. What they have in the outbox for users' targets is still
   * delivered: `left` names the targets for which some is left, empty when nothing of them is.
   */
  retire(request: RetireRequest): Promise<Answer<{ readonly left: readonly string[] }>>;
  tasks(request: { pipeline?: string | undefined }): Promise<Answer<{ readonly tasks: readonly TaskStatus[] }>>;
  pause(request: { pipeline: string; incarnation?: number | undefined }): Promise<Answer>;
  /** `only`: where its task is in that state. */
  resume(request: {
    pipeline: string;
    incarnation?: number | undefined;
    only?: "paused" | "failed" | undefined;
  }): Promise<Answer>;
  run(request: { pipeline: string }): Promise<Answer>;
  drain(request: DrainRequest): Promise<Answer>;
  /**
   * The pipeline's tasks here, a fork's too, stop where the log ends now, and answer where that is; called again they answer
   * the same.
   */
  halt(request: { pipeline: string }): Promise<Answer<{ readonly offset: number }>>;
  /** They go on. */
  goOn(request: { pipeline: string }): Promise<Answer>;
  /** What the task of this incarnation sends goes out from now on, and it goes on. */
  unmute(request: { pipeline: string; incarnation: number }): Promise<Answer>;
  /** Gives a task dead letters again: each once, however often it is asked. They run when this has answered. */
  redrive(request: {
    pipeline: string;
    incarnation: number;
    letters: readonly LetterToRedrive[];
    /** Of partitions of the dead-letter topic: what lay before is gone from them. */
    starts?: readonly LetterStart[] | undefined;
  }): Promise<Answer<RedriveCounts>>;
  /** Of each letter, in order. */
  letterStates(request: {
    pipeline: string;
    incarnation: number;
    letters: readonly LetterPlace[];
  }): Promise<Answer<{ readonly states: readonly LetterState[] }>>;
  readStore(request: StoreReadRequest): Promise<Answer<StoreAnswer>>;
  /** One SELECT over the stores that a task has here. */
  sql(request: StoreSqlRequest): Promise<Answer<StoreSqlAnswer>>;
  /** What a follower of a store gets next. From the first call on the store's changes are kept for a while. */
  changes(request: ChangesRequest): Promise<Answer<ChangesAnswer>>;
  /** Wakes the object; its timers and deliveries go on. */
  touch(request: object): Promise<Answer>;
}

export interface PipelineRecord {
  readonly name: string;
  readonly version: number;
  readonly incarnation: number;
  readonly state: "running" | "bootstrapping" | "paused" | "failed";
  readonly sources: readonly string[];
  readonly trigger: string;
  readonly stores: readonly PipelineStore[];
  /** What its tasks read, each in all its partitions; those it wrote itself stand after those they are written from. */
  readonly inputs: readonly PipelineInput[];
  readonly fork?: ForkRecord | undefined;
  /** Absent while it is not there. */
  readonly deadLetters?: TopicPlace | undefined;
  readonly topology: { readonly nodes: readonly TopologyNode[]; readonly mermaid: string; readonly text: string };
  readonly error?: string | undefined;
}

/** Another version that runs beside the pipeline, muted. */
export interface ForkRecord {
  readonly version: number;
  readonly incarnation: number;
  readonly state: "bootstrapping" | "running" | "swapping" | "abandoning";
  readonly inputs: readonly PipelineInput[];
  readonly error?: string | undefined;
}

export interface TopicPlace {
  readonly topic: string;
  readonly topicId: string;
  readonly partitions: number;
}

export interface PipelineInput {
  /** The topic's name, or the logical name of an internal one, `__<node>`. */
  readonly input: string;
  readonly topicId: string;
  readonly partitions: number;
}

export interface PipelineStore extends StoreDescription {
  /** The input of the tasks that keep it. */
  readonly input: string;
}

export interface TopologyNode {
  readonly name: string;
  readonly kind: string;
  readonly inputs: readonly string[];
  readonly detail?: string | undefined;
  /** What the task that runs it reads: a topic, or an internal one by its logical name. */
  readonly task?: string | undefined;
}

export interface CatalogRpc {
  createTopic(request: {
    topic: string;
    partitions: number;
    config: Partial<TopicConfig>;
  }): Promise<Answer<{ readonly created: boolean; readonly identity: TopicIdentity }>>;
  topics(request: object): Promise<Answer<{ readonly topics: readonly TopicIdentity[] }>>;
  topic(request: {
    topic: string;
  }): Promise<Answer<{ readonly identity: TopicIdentity; readonly heldBy: readonly string[] }>>;
  configureTopic(request: {
    topic: string;
    config: Partial<TopicConfig>;
  }): Promise<Answer<{ readonly identity: TopicIdentity }>>;
  deleteTopic(request: { topic: string; force: boolean }): Promise<Answer>;
  allocateProducer(request: object): Promise<Answer<{ readonly producerId: number; readonly producerEpoch: number }>>;
  pipelines(request: object): Promise<Answer<{ readonly pipelines: readonly PipelineRecord[] }>>;
  pipeline(request: { name: string }): Promise<Answer<{ readonly pipeline: PipelineRecord }>>;
  /**
   * Starts the pipeline from nothing under a new incarnation. What former ones wrote into its D1 tables and R2 prefixes stays,
   * unless outputs are deleted; records of topics always do.
   */
  resetPipeline(request: {
    name: string;
    from: StartFrom;
    outputs?: "keep" | "delete" | undefined;
  }): Promise<Answer<{ readonly incarnation: number; readonly starts: readonly TaskStart[] }>>;
  /**
   * Starts another version of the bundle beside the one that runs, its outputs muted: the highest, unless told. Called again
   * for the same version it changes nothing.
   */
  forkPipeline(request: {
    name: string;
    version?: number | undefined;
    from: StartFrom;
  }): Promise<
    Answer<{ readonly version: number; readonly incarnation: number; readonly starts: readonly TaskStart[] }>
  >;
  /** The one that runs stops, at offsets that are answered, and the fork goes on from there unmuted, in its place. */
  swapPipeline(request: {
    name: string;
    version?: number | undefined;
  }): Promise<
    Answer<{ readonly version: number; readonly incarnation: number; readonly swappedAt: readonly TaskStart[] }>
  >;
  /** Ends the fork: nothing of it is left. */
  abandonFork(request: { name: string }): Promise<Answer>;
  setPipelineState(request: { name: string; state: "running" | "paused" }): Promise<Answer>;
  /** D1 tables the bundle's pipelines write, for reading them over HTTP. */
  tables(request: object): Promise<Answer<{ readonly tables: readonly TableDescription[] }>>;
  /** Starts pipelines whose topics now exist and touches partitions that have tasks: called by cron and at every start. */
  reconcile(request: object): Promise<Answer>;
}

export interface TableDescription {
  readonly table: string;
  readonly pipeline: string;
  readonly columns: readonly string[];
}
