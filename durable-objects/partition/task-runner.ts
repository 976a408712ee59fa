import { MAX_SLICE_BYTES } from "../../schema/limits.ts";
import type { SliceOptions, SliceResult, TaskPort } from "../core/task/task-port.ts";
import { release } from "../bytes.ts";
import { internalRecordsOf, recordsOf } from "../core/log/partition-log.ts";
import { decompress } from "../gzip.ts";
import type { AttachedTask } from "./attached-task.ts";
import { BatchCalls, noteCalled } from "./batch-calls.ts";
import { Commits } from "./commits.ts";
import { guard, mustStop, unguard } from "./crash-guard.ts";
import type { Deliveries } from "./deliveries.ts";
import type { LookupAnswers } from "../core/operator/operator.ts";
import { guardAfter } from "./guard.ts";
import { IdleWatch } from "./idle-watch.ts";
import { type Loaded, timersOf } from "./loaded.ts";
import { Lookups } from "./lookups.ts";
import { NextSlice } from "./next-slice.ts";
import { RedriveRunner } from "./redrive-runner.ts";
import { Retries } from "./retries.ts";
import { Sender } from "./sender.ts";
import type { Shell } from "./shell.ts";
import { optionsOf, type Slice, tickOptionsOf } from "./slice.ts";
import { TaskFailures } from "./task-failures.ts";
import { TaskTimers } from "./task-timers.ts";
import { Ticks } from "./ticks.ts";
import { Watches } from "./watches.ts";

const TICK_TERMINATED =
  "the object ended again and again while time went on in it: an endless loop, or too much memory";
const BATCH_TERMINATED =
  "the object ended again and again behind the async function of a batch: an endless loop, or too much memory";

/**
 * Runs the tasks of one partition over what has been appended, in turns of their own (ENG-1): an append commits and
 * answers, then `kick` lets the tasks take all that has arrived meanwhile.
 */
export class TaskRunner {
  readonly timers: TaskTimers;
  readonly watches = new Watches();
  readonly #shell: Shell;
  readonly #deliveries: Deliveries;
  readonly #sender: Sender;
  readonly #idle: IdleWatch;
  readonly #ticks = new Ticks();
  readonly #retries = new Retries();
  readonly #batchCalls: BatchCalls;
  readonly #lookups: Lookups;
  readonly #redrives: RedriveRunner;
  readonly #next: NextSlice;
  readonly #commits: Commits;
  readonly #failures: TaskFailures;
  #pumping = false;
  #kicked = false;

  constructor(shell: Shell, deliveries: Deliveries) {
    this.#shell = shell;
    this.#deliveries = deliveries;
    this.#batchCalls = new BatchCalls(shell);
    this.#failures = new TaskFailures(shell, this.#retries);
    this.#lookups = new Lookups(shell, {
      goOn: (id, inAnotherEvent) => (inAnotherEvent ? this.#wakeSoon(id) : this.kick()),
      failed: (id, error) => this.#failures.stop(id, error),
      unguard: (task) => {
        if (task.guard.kind !== "none") this.#shell.write((loaded) => unguard(loaded, task));
      },
    });
    const sender = new Sender(shell, deliveries);
    const idle = new IdleWatch((...sent) => sender.send(...sent));
    this.#sender = sender;
    this.#idle = idle;
    this.timers = new TaskTimers({ idle, ticks: this.#ticks, deliveries });
    this.#next = new NextSlice(shell, { idle, ticks: this.#ticks, lookups: this.#lookups });
    this.#commits = new Commits(shell, { sender, idle, ticks: this.#ticks });
    this.#redrives = new RedriveRunner(shell, {
      batchCalls: this.#batchCalls,
      lookups: this.#lookups,
      commit: (...slice) => this.#commits.between(...slice),
      calledWell: (task) => {
        this.#retries.forget(task.id);
        task.error = undefined;
      },
    });
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
      // One look at the clock for both: a redriven batch that waits to be tried again has its number to itself (ERR-11).
      const waits = this.#next.full || this.#retries.waits(id, this.#shell.now());
      if (!waits && (await this.#redrives.step(id))) {
        this.#deliveries.kick();
        return true;
      }
      const slice = waits ? undefined : this.#next.prepare(id);
      if (slice === undefined) {
        const idle = this.#shell.loaded?.taskById(id);
        if (idle?.runnable === true && idle.progressDue && !this.#next.full) this.#tell(idle);
        return false;
      }
      if (slice.wroteAhead) {
        this.#shell.step("process:announced");
        await this.#shell.sync();
        if (!this.#stands(slice)) return true;
      }
      if (mustStop(slice.task, slice.end)) this.#stop(slice);
      const lookups = this.#lookups.answersFor(slice);
      if (lookups === "asked") return false;
      if (this.#batchCalls.needed(slice.task)) await this.#callFunctions(slice);
      // Meanwhile the task may have been paused, or memory read again: then the next round decides anew.
      if (this.#stands(slice)) this.#run(slice, lookups);
      return true;
    } catch (error) {
      this.#failures.failed(id, error);
      return false;
    }
  }

  /** The task is what it was when the slice was decided, and its records are there. */
  #stands({ task, tick }: Slice): boolean {
    const { loaded } = this.#shell;
    if (loaded?.taskById(task.id) !== task || !task.runnable) return false;
    return tick !== undefined || task.position >= loaded.log.logStartOffset;
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
      unguard(loaded, task);
      noteCalled(loaded, task);
    });
    await this.#shell.sync();
    await this.#batchCalls.call(task, calls);
    if (this.#shell.write((loaded) => guard(loaded, task, end))) await this.#shell.sync();
  }

  /** A slice without records, which only tells others of progress; nothing of the task itself changes. */
  #tell(task: AttachedTask): void {
    const nowMs = this.#shell.now();
    this.#shell.write((loaded) => {
      const result = task.code?.run([], { nowMs });
      if (result !== undefined) this.#sender.sendAll(loaded, task, { result, nowMs });
    });
    this.#deliveries.kick();
  }

  #run({ task, end, tick }: Slice, lookups: LookupAnswers | undefined): void {
    const startedMs = this.#shell.now();
    const from = task.position;
    this.#shell.step("process:begun");
    const result = this.#shell.write((loaded) => {
      const { code } = task;
      if (code === undefined) return undefined;
      const giveUp = this.#retries.givenUp(task.id);
      const options = { ...optionsOf(task, startedMs), giveUp, watch: this.watches.watched(task.id), lookups };
      if (tick === undefined && !options.microBatch) options.wallClockMs = this.#ticks.look(loaded, task, startedMs);
      const done =
        tick === undefined
          ? this.#fold(loaded, task, { code, end, options })
          : code.tick({ ...tickOptionsOf(tick, from), giveUp });
      this.#shell.step("process:folded");
      this.#commits.slice(loaded, task, { result: done, nowMs: tick?.nowMs ?? options.nowMs, from, startedMs });
      if (tick !== undefined && done.rows.length > 0) this.#idle.sent(loaded, task, startedMs);
      this.#shell.step("commit:written");
      return done;
    });
    task.guard = guardAfter(task.guard, task.position);
    this.#shell.step("commit:committed");
    if (tick !== undefined) this.#retries.forget(task.id);
    if (result !== undefined && result.rows.length > 0) this.#deliveries.kick();
    this.watches.sent(task.id, result?.watched ?? []);
    this.#shell.changed.notify();
    this.#shell.background(this.#measure(task, { records: task.position - from, startedMs }));
    if (result?.failure !== undefined) throw result.failure;
    task.error = undefined;
  }

  /** Nothing of it could be a dead letter alone. Resumed, the task tries it anew. */
  #stop({ task, tick }: Slice): never {
    task.guard = { kind: "first" };
    this.#shell.write(({ taskTable }) => taskTable.setTrying(task.id, undefined));
    throw new Error(tick === undefined ? BATCH_TERMINATED : TICK_TERMINATED);
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

  /** The clock moves at I/O only, so a slice is measured over its commit. */
  async #measure(task: AttachedTask, { records, startedMs }: { records: number; startedMs: number }): Promise<void> {
    await this.#shell.sync();
    this.#shell.step("commit:durable");
    task.measured({ records, durationMs: this.#shell.now() - startedMs });
  }
}

/** And at no other time. */
function runsWhenAsked({ trigger }: AttachedTask): boolean {
  return trigger.kind === "availableNow" || trigger.kind === "manual";
}
