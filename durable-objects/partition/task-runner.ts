import { MAX_MICRO_BATCH_BYTES, MAX_OUTBOX_BYTES, MAX_SLICE_BYTES, PROGRESS_INTERVAL_MS } from "../../schema/limits.ts";
import { rowsWritten } from "../core/task/rows-written.ts";
import type { SliceOptions, SliceResult, TaskPort } from "../core/task/task-port.ts";
import { isInternal } from "../../schema/internal-topic.ts";
import { release } from "../bytes.ts";
import { internalRecordsOf, recordsOf } from "../core/log/partition-log.ts";
import { decompress } from "../gzip.ts";
import type { Deliveries } from "./deliveries.ts";
import type { Watch } from "./awaiting.ts";
import { BatchCallFailed, BatchCalls, noteCalled } from "./batch-calls.ts";
import type { LookupAnswers } from "../core/operator/operator.ts";
import { IdleWatch, type Send } from "./idle-watch.ts";
import { type Loaded, timersOf } from "./loaded.ts";
import type { AttachedTask } from "./attached-task.ts";
import { Lookups } from "./lookups.ts";
import { RecordFailure } from "../core/task/record-failure.ts";
import { RedriveRunner } from "./redrive-runner.ts";
import { Retries, type RetryPolicy } from "./retries.ts";
import { dueMs } from "./schedule.ts";
import type { Shell } from "./shell.ts";
import { optionsOf, type Slice, tickOptionsOf } from "./slice.ts";
import { Ticks } from "./ticks.ts";

const TICK_TERMINATED =
  "the object ended again and again while time went on in it: an endless loop, or too much memory";
const FIRST_CALL_PAUSE_MS = 250;
/** What is to be run again runs at once; the timer is for the object that ended before. */
const REDRIVE_FALLBACK_MS = 5_000;

/**
 * Runs the tasks of one partition over what has been appended, in turns of their own (ENG-1): an append commits and
 * answers, then `kick` lets the tasks take all that has arrived meanwhile.
 */
export class TaskRunner {
  readonly #shell: Shell;
  readonly #deliveries: Deliveries;
  readonly #idle = new IdleWatch((...sent) => this.#send(...sent));
  readonly #ticks = new Ticks();
  readonly #retries = new Retries();
  readonly #batchCalls: BatchCalls;
  readonly #lookups: Lookups;
  readonly #redrives: RedriveRunner;
  readonly #watches = new Map<number, Set<Watch>>();
  #pumping = false;
  #kicked = false;

  constructor(shell: Shell, deliveries: Deliveries) {
    this.#shell = shell;
    this.#deliveries = deliveries;
    this.#batchCalls = new BatchCalls(shell);
    this.#lookups = new Lookups(shell, {
      goOn: (id, inAnotherEvent) => (inAnotherEvent ? this.#wakeSoon(id) : this.kick()),
      failed: (id, error) => this.#fail(id, error),
      unguard: (task) => {
        if (task.guard.kind !== "none") this.#shell.write((loaded) => this.#unguard(loaded, task));
      },
    });
    this.#redrives = new RedriveRunner(shell, {
      batchCalls: this.#batchCalls,
      lookups: this.#lookups,
      commit: (loaded, task, slice) => this.#commitBetween(loaded, task, slice),
      calledWell: (task) => {
        this.#retries.forget(task.id);
        task.error = undefined;
      },
    });
  }

  /** Inside the transaction of an append. */
  appended(loaded: Loaded, nowMs: number): void {
    for (const task of loaded.tasks) this.#idle.end(loaded, task, nowMs);
    this.armTimers(loaded, nowMs);
  }

  /** Inside a transaction: a triggered task gets its timer with the first record that needs it (TRG-2). */
  armTimers(loaded: Loaded, nowMs: number): void {
    for (const task of loaded.tasks) {
      if (!task.runnable) continue;
      const armed = loaded.timers.get(timersOf(task)[0]) !== undefined;
      if (runsNow(loaded, task)) task.dueTo = loaded.log.logEndOffset;
      if (!armed && task.position < loaded.log.logEndOffset) this.#arm(loaded, task, nowMs);
      this.#idle.begin(loaded, task, nowMs);
      this.#ticks.arm(loaded, task, nowMs);
    }
  }

  /** A timer of a task fired: inside the alarm's transaction. `overdueMs` is how late the alarm came. */
  due(loaded: Loaded, timer: string, at: { nowMs: number; overdueMs: number }): void {
    const { nowMs } = at;
    const task = loaded.tasks.find((candidate) => timersOf(candidate).some((name) => name === timer));
    if (task?.runnable !== true) return;
    const [run, progress, idle, , tick, redrive] = timersOf(task);
    if (timer === redrive) this.#armRedrive(loaded, task, nowMs);
    // A `retry` timer only wakes: the step after this alarm tries again.
    if (timer === idle) this.#idle.due(loaded, task, at);
    if (timer === tick) this.#ticks.due(loaded, task, at);
    if (timer === run && task.position < loaded.log.logEndOffset) {
      task.dueTo = loaded.log.logEndOffset;
      this.#arm(loaded, task, nowMs);
    }
    if (timer === progress) {
      task.progressDue = true;
      loaded.timers.set(progress, nowMs + PROGRESS_INTERVAL_MS);
    }
  }

  /** Inside a transaction: the task has been given dead letters again. */
  redriven(loaded: Loaded, task: AttachedTask, nowMs: number): void {
    this.#idle.end(loaded, task, nowMs);
    this.#armRedrive(loaded, task, nowMs);
    this.#deliveries.armTimers(loaded, nowMs);
  }

  #armRedrive({ redrives, timers }: Loaded, task: AttachedTask, nowMs: number): void {
    if (redrives.pending(task.id) > 0) timers.set(timersOf(task)[5], nowMs + REDRIVE_FALLBACK_MS);
  }

  /** Armed again before the run, so that a crash in the run does not lose it. */
  #arm({ timers }: Loaded, task: AttachedTask, nowMs: number): void {
    const at = dueMs(task.trigger, task.pipeline, nowMs);
    if (at !== undefined) timers.set(timersOf(task)[0], at);
  }

  watch(task: number, watch: Watch): void {
    const watches = this.#watches.get(task) ?? new Set();
    this.#watches.set(task, watches.add(watch));
  }

  unwatch(task: number, watch: Watch): void {
    const watches = this.#watches.get(task);
    watches?.delete(watch);
    if (watches?.size === 0) this.#watches.delete(task);
  }

  /** All offsets that somebody watches, and what lies between. */
  #watched(task: number): { readonly from: number; readonly to: number } | undefined {
    const watches = [...(this.#watches.get(task) ?? [])];
    if (watches.length === 0) return undefined;
    return { from: Math.min(...watches.map(({ from }) => from)), to: Math.max(...watches.map(({ to }) => to)) };
  }

  /** Somebody asks for what is in the log now. A task that runs at no other time must not forget it when the object ends. */
  ask(loaded: Loaded, task: AttachedTask): void {
    task.dueTo = loaded.log.logEndOffset;
    task.tickDue = true;
    if (runsWhenAsked(task)) this.#shell.write(({ taskTable }) => taskTable.setDueTo(task.id, task.dueTo));
    this.kick();
  }

  /** Starts the pump if it stands still. Returns at once. */
  kick(): void {
    this.#kicked = true;
    if (!this.#pumping) this.#shell.background(this.#pump());
  }

  async #pump(): Promise<void> {
    this.#pumping = true;
    try {
      while (this.#kicked) {
        this.#kicked = false;
        // Never a timer alone: while requests stream in it does not fire. After sync() what was written is durable.
        await this.#shell.sync();
        await this.#round();
        // From one sync() to the next a local workerd looks for no request (ENG-30): a timer makes it, if none has come.
        if (this.#kicked) await this.#shell.changed.wait(0);
      }
    } finally {
      this.#pumping = false;
    }
  }

  /** A slice of every task that has something to do. */
  async #round(): Promise<void> {
    for (const { id } of this.#shell.loaded?.tasks ?? []) {
      if (await this.#step(id)) this.#kicked = true;
    }
  }

  /** One slice of one task; answers whether there may be more to do. A bug stops the task, its state kept (ENG-14). */
  async #step(id: number): Promise<boolean> {
    try {
      if (!this.#full && !this.#retries.waits(id, this.#shell.now()) && (await this.#redrives.step(id))) {
        this.#deliveries.kick();
        return true;
      }
      const slice = this.#prepare(id);
      if (slice === undefined) {
        const idle = this.#shell.loaded?.taskById(id);
        if (idle?.runnable === true && idle.progressDue && !this.#full) this.#tell(idle);
        return false;
      }
      if (slice.wroteAhead) {
        this.#shell.step("process:announced");
        await this.#shell.sync();
      }
      if (slice.tick !== undefined && terminated(slice.task)) this.#giveUpTick(slice.task);
      const lookups = this.#lookups.answersFor(slice);
      if (lookups === "asked") return false;
      if (this.#batchCalls.needed(slice.task)) await this.#callFunctions(slice);
      // Meanwhile the task may have been paused, or memory read again: then the next round decides anew.
      const task = this.#shell.loaded?.taskById(id);
      if (task === slice.task && task.runnable) this.#run(slice, lookups);
      return true;
    } catch (error) {
      if (error instanceof BatchCallFailed) return this.#callAgain(id, error);
      if (error instanceof RecordFailure) return this.#stopped(id, error);
      this.#fail(id, error);
      return false;
    }
  }

  #wakeSoon(id: number): void {
    this.#shell.write(({ timers }) => timers.set(timersOf({ id })[3], this.#shell.now() + 1));
  }

  /** Async functions over a micro-batch see it before it runs: resolves when all of them have. */
  async #callFunctions(slice: Slice): Promise<void> {
    const { task, end } = slice;
    const calls = this.#batchCalls.find(slice, this.#retries.givenUp(task.id));
    if (calls.length === 0) return;
    // The guard is for what runs: a function that is waited for ends no object.
    this.#shell.write((loaded) => {
      this.#unguard(loaded, task);
      noteCalled(loaded, task);
    });
    await this.#shell.sync();
    await this.#batchCalls.call(task, calls);
    if (this.#shell.write((loaded) => this.#guard(loaded, task, end))) await this.#shell.sync();
  }

  /** A policy stopped the task in front of a record: for good, or until it is tried again. */
  #stopped(id: number, failure: RecordFailure): false {
    const task = this.#shell.loaded?.taskById(id);
    const policy = task?.plan?.onError;
    if (task === undefined || policy?.kind !== "retry") {
      this.#fail(id, failure);
      return false;
    }
    return this.#tryAgain(task, failure, { offset: failure.offset, policy });
  }

  #callAgain(id: number, failure: BatchCallFailed): false {
    const task = this.#shell.loaded?.taskById(id);
    if (task === undefined) return false;
    const policy = { kind: "retry", times: Number.POSITIVE_INFINITY, backoffMs: FIRST_CALL_PAUSE_MS } as const;
    return this.#tryAgain(task, failure, { offset: task.position, policy });
  }

  #tryAgain(
    task: AttachedTask,
    { message }: Error,
    { offset, policy }: { readonly offset: number; readonly policy: RetryPolicy },
  ): false {
    const { id, position } = task;
    const retryAtMs = this.#retries.failed(id, { offset, position }, { policy, nowMs: this.#shell.now() });
    task.error = message;
    this.#shell.write(({ timers }) => timers.set(timersOf(task)[3], retryAtMs));
    this.#shell.changed.notify();
    return false;
  }

  #fail(id: number, error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    console.error(`task ${id} failed:`, error);
    this.#shell.write((loaded) => {
      loaded.taskTable.setState(id, "failed", reason);
      const task = loaded.taskById(id);
      if (task !== undefined) Object.assign(task, { state: "failed", error: reason });
    });
    this.#shell.changed.notify();
  }

  /** A slice without records, which only tells others of progress; nothing of the task itself changes. */
  #tell(task: AttachedTask): void {
    const nowMs = this.#shell.now();
    this.#shell.write((loaded) => {
      const result = task.code?.run([], { nowMs });
      if (result !== undefined) this.#sendAll(loaded, task, { result, nowMs });
    });
    this.#deliveries.kick();
  }

  /** Decides the next slice and commits, a turn ahead, what must be known of it if the object ends inside. */
  #prepare(id: number): (Slice & { wroteAhead: boolean }) | undefined {
    const task = this.#shell.loaded?.taskById(id);
    // Most often there is nothing to do, and that needs no transaction.
    if (task?.runnable !== true || this.#full) return undefined;
    const nowMs = this.#shell.now();
    const records = task.position < this.#wanted(task);
    if (!records && !this.#ticks.wanted(task, { nowMs, records })) return undefined;
    if (this.#retries.waits(id, nowMs) || this.#lookups.waits(task)) return undefined;
    return this.#shell.write((loaded) => {
      this.#skipTrimmed(loaded, task);
      const ticks = this.#ticks.wanted(task, { nowMs, records }) && this.#ticks.decide(loaded, task, nowMs);
      const next = task.tick === undefined ? this.#nextRecords(loaded, task) : { end: task.position, decided: ticks };
      if (next === undefined) return undefined;
      const { end, decided } = next;
      const guarded = this.#guard(loaded, task, end);
      return { task, end, tick: task.tick, wroteAhead: decided || guarded };
    });
  }

  #nextRecords(loaded: Loaded, task: AttachedTask): { end: number; decided: boolean } | undefined {
    const wanted = this.#wanted(task);
    if (task.position >= wanted) return undefined;
    const limit = task.guard.kind === "single" ? 1 : task.sliceRecords;
    const decided = task.trigger.kind !== "perEvent" && this.#decideMicroBatch(loaded, task, limit);
    const end = this.#lookups.endOf(task) ?? Math.min(wanted, task.position + limit);
    return { end: task.microBatch?.batch.to ?? end, decided };
  }

  /** How far the task should come now. */
  #wanted({ trigger, microBatch, dueTo, stopAt }: AttachedTask): number {
    const end = this.#shell.loaded?.log.logEndOffset ?? 0;
    const wanted = trigger.kind === "perEvent" ? end : (microBatch?.batch.to ?? dueTo);
    return Math.min(wanted, stopAt);
  }

  /** So much waits in the outbox that the tasks wait for it (ENG-7). */
  get #full(): boolean {
    return (this.#shell.loaded?.outbox.bytes ?? 0) >= MAX_OUTBOX_BYTES;
  }

  /** Somebody trimmed what the task had not read: counted, never silent (ENG-15). */
  #skipTrimmed({ log, taskTable }: Loaded, task: AttachedTask): void {
    if (task.position >= log.logStartOffset) return;
    task.skipped += log.logStartOffset - task.position;
    task.position = log.logStartOffset;
    task.microBatch = undefined;
    taskTable.skipTo(task.id, task.position, task.skipped);
  }

  /** The boundary of a micro-batch is an input: committed before the batch runs, and the same after a crash (TRG-4). */
  #decideMicroBatch({ log, taskTable }: Loaded, task: AttachedTask, limit: number): boolean {
    const decided = task.microBatch?.batch;
    const tooLong = task.guard.kind === "single" && decided !== undefined && decided.to - task.position > 1;
    // What a function outside may have taken is never less when it comes again (MIB-7).
    if (decided !== undefined && (!tooLong || decided.called === true)) return false;
    const end = log.endOf(task.position, { maxBytes: MAX_MICRO_BATCH_BYTES, maxRecords: limit });
    const asked = Math.max(Math.min(task.dueTo, task.stopAt), task.position + 1);
    const to = Math.min(end, task.position + limit, asked);
    const batchId = decided?.batchId ?? task.lastBatchId + 1;
    const batch = { batchId, from: task.position, to, nowMs: this.#shell.now() };
    taskTable.journalMicroBatch(task.id, batch);
    task.microBatch = { batch };
    return true;
  }

  /** What a wake finds of this row says which slice, and at last which record, ended the object (ENG-4). */
  #guard({ taskTable }: Loaded, task: AttachedTask, end: number): boolean {
    const { guard, position } = task;
    if (guard.kind === "none" || (guard.kind === "single" && guard.terminated)) return false;
    const trying =
      guard.kind === "single" ? { until: guard.until, single: guard.attempts + 1 } : { until: end, single: 0 };
    taskTable.setTrying(task.id, { position, ...trying });
    return true;
  }

  /** As the wake found it. */
  #unguard({ taskTable }: Loaded, { id, guard, position }: AttachedTask): void {
    if (guard.kind === "none") return;
    const found = guard.kind === "single" ? { position, until: guard.until, single: guard.attempts } : undefined;
    taskTable.setTrying(id, found);
  }

  #run({ task, end, tick }: Slice, lookups: LookupAnswers | undefined): void {
    const startedMs = this.#shell.now();
    const from = task.position;
    this.#shell.step("process:begun");
    const result = this.#shell.write((loaded) => {
      const { code } = task;
      if (code === undefined) return undefined;
      const giveUp = this.#retries.givenUp(task.id);
      const options = { ...optionsOf(task, startedMs), giveUp, watch: this.#watched(task.id), lookups };
      if (tick === undefined && !options.microBatch) options.wallClockMs = this.#ticks.look(loaded, task, startedMs);
      const done =
        tick === undefined
          ? this.#fold(loaded, task, { code, end, options })
          : code.tick({ ...tickOptionsOf(tick, from), giveUp });
      this.#shell.step("process:folded");
      this.#commit(loaded, task, { result: done, nowMs: tick?.nowMs ?? options.nowMs, from, startedMs });
      // What goes to others without a record takes back that the task is idle.
      if (tick !== undefined && done.rows.length > 0) this.#idle.end(loaded, task, startedMs);
      this.#shell.step("commit:written");
      return done;
    });
    this.#shell.step("commit:committed");
    if (tick !== undefined) this.#retries.forget(task.id);
    if (result !== undefined && result.rows.length > 0) this.#deliveries.kick();
    for (const watch of this.#watches.get(task.id) ?? []) {
      for (const record of result?.watched ?? []) {
        if (record.offset >= watch.from && record.offset < watch.to) watch.records.push(record);
      }
    }
    this.#shell.changed.notify();
    this.#shell.background(this.#measure(task, startedMs));
    if (result?.failure !== undefined) throw result.failure;
    task.error = undefined;
  }

  /** A tick has no record that could be a dead letter. Resumed, the task tries it anew. */
  #giveUpTick(task: AttachedTask): never {
    task.guard = { kind: "first" };
    this.#shell.write(({ taskTable }) => taskTable.setTrying(task.id, undefined));
    throw new Error(TICK_TERMINATED);
  }

  #fold(
    { log }: Loaded,
    task: AttachedTask,
    slice: { code: TaskPort; end: number; options: SliceOptions },
  ): SliceResult {
    const maxBytes = task.microBatch === undefined ? MAX_SLICE_BYTES : Number.POSITIVE_INFINITY;
    const { position: from } = task;
    const read = log.read(from, { maxBytes, maxRecords: slice.end - from });
    const recordsIn = task.internal ? internalRecordsOf : recordsOf;
    const result = slice.code.run(recordsIn(read, { from, to: slice.end }, decompress), slice.options);
    task.position = result.failure?.offset ?? Math.min(read.end, slice.end);
    // Not as the records go by: what the slice sends may be views until it is done.
    for (const body of read.bodies) release(body);
    return result;
  }

  #commit(
    loaded: Loaded,
    task: AttachedTask,
    slice: { result: SliceResult; nowMs: number; from: number; startedMs: number },
  ): void {
    const { result } = slice;
    this.#sendAll(loaded, task, slice);
    this.#shell.step("commit:sent");
    const written = rowsWritten(result) + task.subscriptions.commit(task.position, this.#shell.now());
    const { startedMs } = slice;
    task.quietSince = this.#ticks.quietSince(task, { records: result.recordsIn, nowMs: startedMs });
    loaded.taskTable.commit(task.id, {
      position: task.position,
      progress: result.progress,
      layout: task.code?.layout ?? "",
      rowsWritten: task.rowsWritten + written,
      quietSince: task.quietSince,
    });
    this.#idle.begin(loaded, task, startedMs);
    this.#ticks.arm(loaded, task, startedMs);
    // Nobody else reads an internal log.
    if (task.internal) loaded.log.trimBehind(task.position);
    if (task.guard.kind !== "none") loaded.taskTable.setTrying(task.id, undefined);
    task.advanced({ from: slice.from, rowsWritten: written });
  }

  /** Of what ran between two slices of the log. */
  #commitBetween(loaded: Loaded, task: AttachedTask, slice: { result: SliceResult; nowMs: number }): void {
    const { result, nowMs } = slice;
    this.#sendAll(loaded, task, slice);
    task.rowsWritten += rowsWritten(result) + task.subscriptions.commit(task.position, nowMs);
    task.quietSince = this.#ticks.quietSince(task, { records: 1, nowMs });
    loaded.taskTable.commit(task.id, {
      position: task.position,
      progress: result.progress,
      layout: task.code?.layout ?? "",
      rowsWritten: task.rowsWritten,
      quietSince: task.quietSince,
    });
    this.#idle.begin(loaded, task, nowMs);
    this.#ticks.arm(loaded, task, nowMs);
  }

  /** What a slice sends, and when its task must tell others what it held back (ENG-22). */
  #sendAll(loaded: Loaded, task: AttachedTask, { result, nowMs }: { result: SliceResult; nowMs: number }): void {
    this.#send(loaded, task, { rows: result.rows, nowMs });
    const timer = timersOf(task)[1];
    if (result.progressDueMs === undefined) loaded.timers.clear(timer);
    else loaded.timers.set(timer, result.progressDueMs);
    task.progressDue = false;
  }

  #send(...[loaded, task, slice]: Parameters<Send>): void {
    const { nowMs } = slice;
    const rows = task.muted ? slice.rows.filter(({ target }) => isHeard(task, target)) : slice.rows;
    for (const row of rows) loaded.outbox.add(task.id, task.scopeOf(row.target), { ...row, nowMs });
    if (rows.length > 0) this.#deliveries.armTimers(loaded, this.#shell.now());
  }

  /** The clock moves at I/O only, so a slice is measured over its commit. */
  async #measure(task: AttachedTask, startedMs: number): Promise<void> {
    await this.#shell.sync();
    this.#shell.step("commit:durable");
    task.measured(this.#shell.now() - startedMs);
  }
}

/** Of a fork: its own topics, and its dead letters, which say what the new version cannot do (FRK-2). */
function isHeard({ plan }: AttachedTask, target: string): boolean {
  return target.startsWith("topic:__") || target.startsWith(`topic:${plan?.deadLetterTopic}/`);
}

/**
 * A task runs without a timer when enough waits, and behind an internal topic when anything does: what its pipeline's
 * trigger waits for has happened where the records came from. Only `every` keeps its pace there.
 */
function runsNow({ log }: Loaded, task: AttachedTask): boolean {
  const { trigger } = task;
  const waiting = log.logEndOffset - Math.max(task.position, task.dueTo);
  if (waiting <= 0 || trigger.kind === "perEvent" || trigger.kind === "every") return false;
  return isInternal(task.input) || (trigger.kind === "everyRecords" && waiting >= trigger.records);
}

/** The object has ended on it too often. */
function terminated({ guard }: AttachedTask): boolean {
  return guard.kind === "single" && guard.terminated;
}

/** And at no other time. */
function runsWhenAsked({ trigger }: AttachedTask): boolean {
  return trigger.kind === "availableNow" || trigger.kind === "manual";
}
