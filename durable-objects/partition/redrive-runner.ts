import { MAX_REDRIVE_RECORDS } from "../../schema/limits.ts";
import { recordOfText } from "../core/task/parked-record.ts";
import type { Redriven, SliceOptions, SliceResult, TaskPort } from "../core/task/task-port.ts";
import type { TakenRedrive } from "../sqlite/redrive-table.ts";
import type { AttachedTask } from "./attached-task.ts";
import type { BatchCalls, FoundCall } from "./batch-calls.ts";
import { MAX_ATTEMPTS } from "./guard.ts";
import type { Loaded } from "./loaded.ts";
import type { Lookups } from "./lookups.ts";
import type { Shell } from "./shell.ts";
import { TERMINATED } from "./slice.ts";

interface Slice {
  readonly taken: readonly TakenRedrive[];
  readonly items: readonly Redriven[];
  readonly options: SliceOptions;
  /** At most so many of a parked key. */
  readonly records: number;
}

interface Next extends Slice {
  readonly task: AttachedTask;
}

export interface RedriveParts {
  readonly batchCalls: BatchCalls;
  readonly lookups: Lookups;
  /** Inside the transaction of a slice: what it sends, and what must be known of the task after it. */
  readonly commit: (loaded: Loaded, task: AttachedTask, slice: { result: SliceResult; nowMs: number }) => void;
  /** A function that had failed has resolved: its failure is forgotten. */
  readonly calledWell: (task: AttachedTask) => void;
}

/**
 * Runs dead letters that a task was given again, between two slices of its log and in a transaction of their own, in which they
 * are journaled (ERR-5). Under any trigger they run when they are asked for.
 */
export class RedriveRunner {
  readonly #shell: Shell;
  readonly #parts: RedriveParts;
  readonly #failing = new WeakSet<AttachedTask>();

  constructor(shell: Shell, parts: RedriveParts) {
    this.#shell = shell;
    this.#parts = parts;
  }

  /** Answers whether something was run, or might have been. */
  async step(id: number): Promise<boolean> {
    const slice = this.#next(id);
    if (slice === undefined) return false;
    const { task } = slice;
    const options = await this.#asked(slice);
    await this.#announce(slice);
    const now = this.#shell.loaded?.taskById(id);
    if (now !== task || !task.runnable) {
      // Paused meanwhile, say: nothing was tried.
      if (now !== undefined) this.#shell.write(({ redrives }) => redrives.untried(id, slice.taken));
      return true;
    }
    this.#shell.write((loaded) => {
      if (task.code !== undefined) this.#run(loaded, { task, code: task.code }, { ...slice, options });
    });
    this.#shell.changed.notify();
    return true;
  }

  /** A turn ahead: a wake that finds it knows what ended the object (ENG-4). */
  async #announce({ task, taken }: Next): Promise<void> {
    this.#shell.write(({ redrives }) => redrives.tried(task.id, taken));
    await this.#shell.sync();
  }

  /** What is looked up, and async functions over the batch, come first: what is waited for ends no object. */
  async #asked(slice: Next): Promise<SliceOptions> {
    const { task, taken, items, options, records } = slice;
    const { batchCalls, lookups } = this.#parts;
    if (!batchCalls.needed(task) && !lookups.needed(task)) return options;
    await this.#announce(slice);
    const asking = lookups.find(task, task.code?.redriven(items) ?? [], options);
    const calls = batchCalls.needed(task)
      ? batchCalls.findIn(task, options, (code) => code.redrive(items, options))
      : [];
    const { microBatch, nowMs } = options;
    const seen = calls.length > 0 && microBatch !== undefined;
    this.#shell.write(({ redrives }) => {
      redrives.untried(task.id, taken);
      // From now on the batch is what it is, over failures and wakes (MIB-7).
      if (seen) redrives.called(task.id, taken, { batchId: microBatch.batchId, nowMs, records });
    });
    if (seen) await this.#shell.sync();
    const [found] = await Promise.all([asking, this.#call(task, calls)]);
    return { ...options, lookups: found };
  }

  async #call(task: AttachedTask, calls: readonly FoundCall[]): Promise<void> {
    try {
      await this.#parts.batchCalls.call(task, calls);
    } catch (error) {
      this.#failing.add(task);
      throw error;
    }
    if (this.#failing.delete(task)) this.#parts.calledWell(task);
  }

  #next(id: number): Next | undefined {
    const { loaded } = this.#shell;
    const task = loaded?.taskById(id);
    if (loaded === undefined || task?.runnable !== true) return undefined;
    // What is journaled and has not run comes before it.
    if (task.microBatch !== undefined || task.tick !== undefined) return undefined;
    const taken = loaded.redrives.next(id);
    const [first] = taken;
    if (first === undefined) return undefined;
    const terminated = first.attempts > MAX_ATTEMPTS ? TERMINATED : undefined;
    const { called } = first;
    const batched = task.trigger.kind !== "perEvent";
    const batchId = called?.batchId ?? loaded.taskTable.lastBatchId(id) + 1;
    const microBatch = batched ? { batchId } : undefined;
    const nowMs = called?.nowMs ?? this.#shell.now();
    const records = called?.records ?? (first.attempts > 0 ? 1 : MAX_REDRIVE_RECORDS);
    return {
      task,
      taken,
      items: taken.map((each) => itemOf(each, records)),
      options: { nowMs, wallClockMs: nowMs, microBatch, terminated },
      records,
    };
  }

  #run(loaded: Loaded, { task, code }: { task: AttachedTask; code: TaskPort }, slice: Slice): void {
    const { taken, items, options } = slice;
    const { redrives, taskTable } = loaded;
    const { nowMs, terminated, microBatch } = options;
    const before = items.map((item) => waitingOf(code, item));
    const result = code.redrive(items, options);
    const batchId = microBatch?.batchId ?? taskTable.lastBatchId(task.id);
    for (const [at, { payload }] of taken.entries()) {
      const item = items[at];
      const what = item?.kind === "parked" ? item : ({ kind: "record", record: payload } as const);
      taskTable.journalRedrive(task.id, {
        position: task.position,
        redriven: { batchId, batched: microBatch !== undefined, nowMs, terminated, ...what },
      });
    }
    this.#parts.commit(loaded, task, { result, nowMs });
    if (microBatch !== undefined) task.lastBatchId = batchId;
    for (const [at, item] of items.entries()) {
      const each = taken[at] as TakenRedrive;
      const left = waitingOf(code, item);
      // Where fewer have gone than were asked for, the first that waits has failed again.
      const wentOn = item.kind === "parked" && (before[at] ?? 0) - left === item.records;
      if (wentOn && left > 0) redrives.goOn(task.id, each);
      else redrives.done(task.id, each);
    }
  }
}

function waitingOf(code: TaskPort, item: Redriven): number {
  return item.kind === "parked" ? (code.parked(item.key)?.records ?? 0) : 0;
}

function itemOf({ kind, payload }: TakenRedrive, records: number): Redriven {
  return kind === "parked" ? { kind, key: payload, records } : { kind: "record", record: recordOfText(payload) };
}
