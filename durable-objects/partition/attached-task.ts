import { IDLE_AFTER_MS, MAX_LOOKUP_RECORDS, MAX_MICRO_BATCH_RECORDS, MAX_SLICE_RECORDS } from "../../schema/limits.ts";
import type { Trigger } from "../../schema/plan.ts";
import type { D1Sink } from "../../schema/sinks.ts";
import type { PlanIdentity } from "../../schema/rpc/task.ts";
import type { InternalTopic, TaskGraph, TaskPlan } from "../core/plan/task-plan.ts";
import { isInternal } from "../../schema/internal-topic.ts";
import { idleAfterMs } from "../core/plan/close-when-idle.ts";
import { lookupsOf } from "../core/lookup/asking.ts";
import { upstreamName } from "../core/plan/upstreams.ts";
import type { TaskPort } from "../core/task/task-port.ts";
import type { Plans } from "../plans.ts";
import { SqlSelect } from "../sqlite/sql-select.ts";
import { SqliteStateStore } from "../sqlite/sqlite-state-store.ts";
import type { MicroBatch, StoredSink, TaskRow, TaskState, TaskTable, Tick } from "../sqlite/task-table.ts";
import { type Guard, guardFound } from "./guard.ts";
import type { PartitionRow } from "./loaded.ts";
import { Subscriptions } from "./subscriptions.ts";
import { type MeasuredSlice, nextSliceRecords } from "./slice-size.ts";
import { codeOf } from "./task-code.ts";

/** Of as many names of tasks a status is made up. */
const MAX_NAMED = 8;
/** What the first slices hold back is the start of all other objects, so they are short; the next ones grow. */
const FIRST_SLICE_RECORDS = 500;

export interface LastBatch {
  readonly batchId: number;
  readonly from: number;
  readonly to: number;
  readonly durationMs: number;
  readonly rowsWritten: number;
}

interface LoadContext {
  readonly sql: SqlStorage;
  readonly row: PartitionRow;
  readonly plans: Plans;
  readonly table: TaskTable;
  /** The same task before memory was read anew; absent on a wake. */
  readonly before: AttachedTask | undefined;
}

/** One task in memory: its committed row, its code, and what the runner decided for its next step. */
export class AttachedTask {
  readonly id: number;
  readonly pipeline: string;
  readonly version: number;
  readonly incarnation: number;
  readonly startOffset: number;
  /** What it reads: the topic's name, or the logical name of an internal one. */
  readonly input: string;
  readonly outputs: TaskRow["outputs"];
  readonly upstreams: TaskRow["upstreams"];
  readonly sinks: readonly StoredSink[];
  /** Its input, if it is an internal topic behind which something minds event time. */
  readonly #timedTopic: InternalTopic | undefined;
  readonly store: SqliteStateStore;
  readonly select: SqlSelect;
  readonly subscriptions: Subscriptions;
  /** Absent when the bundle does not have this version: then nothing runs, and the state is kept. */
  readonly plan: TaskPlan | undefined;
  /** How long it stands at the end of its log until it says that it is idle, ms. */
  readonly idleAfterMs: number;
  readonly code: TaskPort | undefined;
  /** What it says of its code to the tasks behind it, and asks of those before it (ENG-24). */
  readonly identity: PlanIdentity;
  /** Identity towards partitions and D1: unique for ever, because incarnations are handed out once. */
  readonly source: string;
  /** `<input>.<partition>`: the task in file names and dead letters. */
  readonly name: string;

  /** It is of a fork that has not been swapped. */
  readonly muted: boolean;
  /** Where it stops for a swap. */
  readonly stopAt: number;

  state: TaskState;
  error: string | undefined;
  layout: string;
  position: number;
  skipped: number;
  refused: number;
  guard: Guard;
  /** Offset up to which a triggered task has been asked to run. */
  dueTo = 0;
  /** Journaled, not yet run. */
  microBatch: { readonly batch: MicroBatch } | undefined;
  /** As well. */
  tick: Tick | undefined;
  lastBatchId: number;
  lastBatch: LastBatch | undefined;
  rowsWritten: number;
  sliceRecords: number;
  /** End of the log at which it last said that it is idle. */
  idleAt: number | undefined;
  /** And when the timer was set that asks whether it is. */
  idleFrom: number | undefined;
  /** Since when nothing has come, while something in it closes by that, ms since epoch. */
  quietSince: number | undefined;
  /** Its timer says that time may go on without records. */
  tickDue = false;
  /** A slice without records is due, to tell others of progress (ENG-22). */
  progressDue = false;

  static load(row: TaskRow, context: LoadContext): AttachedTask {
    return new AttachedTask(row, context);
  }

  private constructor(row: TaskRow, { sql, row: partition, plans, table, before }: LoadContext) {
    this.id = row.id;
    this.pipeline = row.pipeline;
    this.version = row.version;
    this.incarnation = row.incarnation;
    this.startOffset = row.startOffset;
    this.input = row.input ?? partition.topic;
    this.outputs = row.outputs;
    this.upstreams = row.upstreams;
    this.source = `${row.pipeline}/${row.incarnation}/${partition.topicId}/${partition.partition}`;
    this.name = `${this.input}.${partition.partition}`;
    this.muted = row.muted;
    this.stopAt = row.stopAt ?? Number.POSITIVE_INFINITY;
    this.state = row.state;
    this.error = row.error;
    this.layout = row.layout;
    this.position = row.position;
    this.skipped = row.skipped;
    this.refused = row.refused;
    this.rowsWritten = row.rowsWritten;
    this.sinks = row.sinks;
    this.store = new SqliteStateStore(sql, row.id);
    this.select = new SqlSelect(sql, row.id, this.store.ordered);
    this.idleAt = row.idleAt;
    this.idleFrom = row.idleFrom;
    const graph = plans.graph(row.pipeline, row.version);
    this.#timedTopic = graph === undefined ? undefined : timedTopic(graph, this.input);
    this.plan = plans.task(row.pipeline, row.version, this.input);
    this.idleAfterMs = this.plan === undefined ? IDLE_AFTER_MS : idleAfterMs(this.plan);
    this.subscriptions = new Subscriptions(sql, row.id, this.plan);
    this.identity = { version: row.version, hash: plans.hash(row.pipeline, row.version) ?? "" };
    this.code = row.state === "detached" ? undefined : this.#codeOf(row, { partition: partition.partition, plans });
    this.sliceRecords = before?.sliceRecords ?? Math.min(FIRST_SLICE_RECORDS, this.#mostRecords);
    this.dueTo = Math.max(row.dueTo, before?.dueTo ?? 0);
    this.quietSince = row.quietSince;
    this.tick = row.tick;

    const last = table.lastMicroBatch(row.id);
    this.lastBatchId = table.lastBatchId(row.id);
    const unrun = last !== undefined && last.from === row.position && last.to > row.position;
    this.microBatch = unrun ? { batch: last } : undefined;
    // Only a wake finds what a crash left. Memory that is read anew goes on as careful as it was (ENG-4).
    this.guard = before?.guard ?? guardFound(table.trying(row.id), row.position);
  }

  get trigger(): Trigger {
    return this.plan?.trigger ?? { kind: "perEvent" };
  }

  /**
   * Its batches run by themselves, so time may go on by itself too. Not of a fork, nor of what stops for a swap: what quiet
   * closes would come out of neither (FRK-3).
   */
  get ticks(): boolean {
    if (this.muted || Number.isFinite(this.stopAt)) return false;
    return this.trigger.kind !== "manual" && this.trigger.kind !== "availableNow";
  }

  get internal(): boolean {
    return isInternal(this.input);
  }

  get runnable(): boolean {
    return this.state === "running" && this.code !== undefined;
  }

  /** Tasks that hold its event time back. */
  get heldBackBy(): string[] | undefined {
    const topic = this.#timedTopic;
    const slowest = this.code?.slowest ?? [];
    if (topic === undefined || slowest.length === 0) return undefined;
    return slowest.slice(0, MAX_NAMED).map((upstream) => upstreamName(topic, this.upstreams, upstream));
  }

  /** Sequences are dense per scope: the target, or all paths of one R2 sink together. */
  scopeOf(target: string): string {
    const sink = this.r2Sink(target);
    return sink === undefined ? target : `r2:${sink.prefix}`;
  }

  r2Sink(target: string): StoredR2Sink | undefined {
    return this.sinks.find(
      (sink): sink is StoredR2Sink => sink.kind === "r2" && target.startsWith(`r2:${sink.prefix}/`),
    );
  }

  d1Sink(target: string): D1Sink | undefined {
    return this.sinks.find((sink): sink is D1Sink => sink.kind === "d1" && target === `d1:${sink.table}`);
  }

  /** A slice is committed with its transaction. */
  advanced(slice: { from: number; rowsWritten: number }): void {
    const { microBatch, tick } = this;
    const batchId = tick?.batchId ?? microBatch?.batch.batchId ?? this.lastBatchId + 1;
    this.lastBatch = { batchId, from: slice.from, to: this.position, durationMs: 0, rowsWritten: slice.rowsWritten };
    this.lastBatchId = batchId;
    this.microBatch = undefined;
    this.tick = undefined;
  }

  /** Time passes only at I/O, so the duration is taken over the turn: it sets how much the next slice takes. */
  measured(slice: MeasuredSlice): void {
    if (this.lastBatch !== undefined) this.lastBatch = { ...this.lastBatch, durationMs: slice.durationMs };
    this.sliceRecords = nextSliceRecords(this.sliceRecords, slice, this.#mostRecords);
  }

  get #mostRecords(): number {
    if (this.plan !== undefined && lookupsOf(this.plan).length > 0) return MAX_LOOKUP_RECORDS;
    return this.trigger.kind === "perEvent" ? MAX_SLICE_RECORDS : MAX_MICRO_BATCH_RECORDS;
  }

  #codeOf(row: TaskRow, at: { partition: number; plans: Plans }): TaskPort | undefined {
    const store = this.subscriptions.recorded(this.store);
    const found = codeOf({ row, input: this.input, store, select: this.select, ...at });
    if (found.kind === "runs") return found.code;
    if (found.kind === "missing") this.error ??= found.error;
    else {
      if (this.state === "running") this.state = "failed";
      this.error = found.error;
    }
    return undefined;
  }
}

function timedTopic({ tasks, internalTopics }: TaskGraph, input: string): InternalTopic | undefined {
  const sinks = tasks.flatMap(({ nodes }) => nodes.filter((node) => node.kind === "internalSink"));
  if (sinks.every(({ topic, stepMs }) => topic !== input || stepMs === undefined)) return undefined;
  return internalTopics.find(({ name }) => name === input);
}

type StoredR2Sink = Exclude<StoredSink, D1Sink>;
