import { readConfig, type TopicConfig } from "../../schema/topic-config.ts";
import { PartitionLog } from "../core/log/partition-log.ts";
import { isInternal } from "../../schema/internal-topic.ts";
import { OutboxTable } from "../sqlite/outbox-table.ts";
import { ProducerTable } from "../sqlite/producer-table.ts";
import { SqliteLogStore } from "../sqlite/sqlite-log-store.ts";
import { RedriveTable } from "../sqlite/redrive-table.ts";
import { TaskTable } from "../sqlite/task-table.ts";
import { Timers } from "../sqlite/timers.ts";
import type { Plans } from "../plans.ts";
import { AttachedTask } from "./attached-task.ts";

export interface PartitionRow {
  readonly status: "open" | "deleted";
  readonly topic: string;
  readonly topicId: string;
  readonly partition: number;
  readonly config: TopicConfig;
  readonly logStartOffset: number;
}

interface StoredPartitionRow extends Record<string, SqlStorageValue> {
  status: "open" | "deleted";
  topic: string;
  topic_id: string;
  partition: number;
  config: string;
  log_start_offset: number;
}

export function readPartitionRow(sql: SqlStorage): PartitionRow | undefined {
  const row = sql.exec<StoredPartitionRow>("SELECT * FROM partition WHERE id = 1").toArray()[0];
  if (row === undefined) return undefined;
  return {
    status: row.status,
    topic: row.topic,
    topicId: row.topic_id,
    partition: row.partition,
    config: readConfig(row.config),
    logStartOffset: row.log_start_offset,
  };
}

/**
 * What memory holds of an open partition: a copy of what is committed, nothing more. After a transaction that was rolled
 * back it is thrown away whole and read again.
 */
export class Loaded {
  readonly row: PartitionRow;
  readonly log: PartitionLog;
  readonly producers: ProducerTable;
  readonly timers: Timers;
  readonly taskTable: TaskTable;
  readonly redrives: RedriveTable;
  readonly tasks: AttachedTask[];
  readonly outbox: OutboxTable;
  readonly #sql: SqlStorage;

  /** `before` is what memory held until now; absent on a wake. */
  constructor(
    storage: DurableObjectStorage,
    row: PartitionRow,
    { plans, before }: { plans: Plans; before: Loaded | undefined },
  ) {
    const { sql } = storage;
    this.#sql = sql;
    this.row = row;
    this.producers = new ProducerTable(sql);
    this.timers = new Timers(storage);
    this.taskTable = new TaskTable(sql);
    this.redrives = new RedriveTable(sql);
    const store = new SqliteLogStore(sql);
    this.log = new PartitionLog(store, this.internal ? internalStart(store, this.taskTable) : row.logStartOffset);
    this.tasks = this.taskTable
      .all()
      .map((task) =>
        AttachedTask.load(task, { sql, row, plans, table: this.taskTable, before: before?.taskById(task.id) }),
      );
    this.outbox = new OutboxTable(sql, (id, target) => this.taskById(id)?.scopeOf(target) ?? target);
  }

  /** The log is a pipeline's own: its task reads it, other tasks of the pipeline write it, and nobody else. */
  get internal(): boolean {
    return isInternal(this.row.topic);
  }

  /** Inside a transaction: a users' log starts here, if it did before. Answers whether that is so. */
  startAt(offset: number): boolean {
    if (offset <= this.log.logStartOffset) return false;
    this.log.trim(offset);
    this.#sql.exec("UPDATE partition SET log_start_offset = ? WHERE id = 1", offset);
    return true;
  }

  taskById(id: number): AttachedTask | undefined {
    return this.tasks.find((task) => task.id === id);
  }

  /**
   * Inside a transaction: the pipeline's tasks here, of incarnations before this one, end. What they have in the outbox for
   * users' targets is still delivered; what was for the incarnation's own topics, and their state, goes.
   */
  detach(pipeline: string, which: Incarnations): void {
    const ending = this.tasks.filter((task) => task.pipeline === pipeline && isOf(task.incarnation, which));
    for (const task of ending.filter(({ state }) => state !== "detached")) {
      task.subscriptions.end();
      this.taskTable.detach(task.id);
      this.redrives.forget(task.id);
      for (const timer of timersOf(task)) this.timers.clear(timer);
      task.state = "detached";
      for (const { target } of this.outbox.pending(task.id)) {
        if (target.startsWith("topic:__")) this.outbox.drop(task.id, target);
        // Nothing more comes for a file.
        else if (task.r2Sink(target) !== undefined) this.outbox.decideFile(task.id, target);
      }
      this.forgetIfDone(task);
    }
  }

  /** Inside a transaction: what the task has for D1 and R2 is not to come any more. */
  dropOutputs(task: AttachedTask): void {
    for (const { target } of this.outbox.pending(task.id)) {
      if (target.startsWith("topic:")) continue;
      this.outbox.drop(task.id, target);
      this.outbox.removeFile(task.id, target);
    }
  }

  /** Inside a transaction: nothing is left of a detached task once its outbox has been delivered. */
  forgetIfDone(task: AttachedTask): void {
    if (task.state !== "detached" || this.outbox.pending(task.id).length > 0) return;
    this.outbox.removeTask(task.id);
    this.taskTable.remove(task.id);
    this.tasks.splice(this.tasks.indexOf(task), 1);
  }

  /** The attached task of a pipeline, of this incarnation or the one that has been replaced by none and is no fork. */
  taskOf(pipeline: string, incarnation?: number): AttachedTask | undefined {
    return this.tasksOf(pipeline).findLast((task) =>
      incarnation === undefined ? !task.muted : task.incarnation === incarnation,
    );
  }

  /** With a fork's. */
  tasksOf(pipeline: string): AttachedTask[] {
    return this.tasks.filter((task) => task.pipeline === pipeline && task.state !== "detached");
  }
}

/** Those before one, or one alone. */
export interface Incarnations {
  readonly before: number;
  readonly only?: number | undefined;
}

export function isOf(incarnation: number, { before, only }: Incarnations): boolean {
  return only === undefined ? incarnation < before : incarnation === only;
}

/** By name, all timers that belong to one task. */
export function timersOf({
  id,
}: {
  readonly id: number;
}): readonly [run: string, progress: string, idle: string, retry: string, tick: string, redrive: string] {
  return [`run:${id}`, `progress:${id}`, `idle:${id}`, `retry:${id}`, `tick:${id}`, `redrive:${id}`];
}

/**
 * An internal log is trimmed where its task has come to: where it is empty it goes on there. So no row needs to say where it
 * starts, which would be one more to write with every slice.
 */
function internalStart(store: SqliteLogStore, tasks: TaskTable): number {
  return store.first()?.baseOffset ?? Math.max(0, ...tasks.all().map(({ position }) => position));
}
