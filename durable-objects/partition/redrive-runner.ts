import { MAX_REDRIVE_CHARACTERS, MAX_REDRIVE_RECORDS } from "../../schema/limits.ts";
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
  /** Async functions may have seen it: it comes whole. */
  readonly called: boolean;
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
    const next = this.#next(id);
    if (next === undefined) return false;
    const found = await this.#lookedUp(next);
    const slice = found && (await this.#handedOver(found));
    const code = slice && (await this.#announced(slice));
    if (slice === undefined || code === undefined) return true;
    this.#shell.write((loaded) => this.#run(loaded, { task: slice.task, code }, slice));
    this.#shell.changed.notify();
    return true;
  }

  /**
   * A turn ahead: a wake that finds it knows what ended the object (ENG-4). Undefined where the task is not what it was any
   * more: paused meanwhile, say, or ended. Then nothing was tried.
   */
  async #announced({ task, taken }: Next): Promise<TaskPort | undefined> {
    this.#shell.write(({ redrives }) => redrives.tried(task.id, taken));
    await this.#shell.sync();
    const same = this.#shell.loaded?.taskById(task.id) === task && task.runnable;
    if (same && task.code !== undefined) return task.code;
    this.#shell.write(({ redrives }) => redrives.untried(task.id, taken));
    return undefined;
  }

  /** What is waited for ends no object. Of what was not called with yet so much runs as there is room for answers. */
  async #lookedUp(slice: Next): Promise<Next | undefined> {
    const { task, taken, items, options } = slice;
    const { lookups } = this.#parts;
    if (!lookups.needed(task) || options.terminated !== undefined) return slice;
    const code = await this.#announced(slice);
    if (code === undefined) return undefined;
    const asking = lookups.find(task, code.redriven(items), { ...options, whole: slice.called });
    this.#shell.write(({ redrives }) => redrives.untried(task.id, taken));
    const { answers, records } = await asking;
    return { ...firstOf(slice, records), options: { ...options, lookups: answers } };
  }

  /** Async functions over the batch have resolved. */
  async #handedOver(slice: Next): Promise<Next | undefined> {
    const { task, taken, items, options, records } = slice;
    const { batchCalls } = this.#parts;
    const { microBatch, nowMs } = options;
    if (!batchCalls.needed(task) || microBatch === undefined) return slice;
    if ((await this.#announced(slice)) === undefined) return undefined;
    const calls = batchCalls.findIn(task, options, (code) => code.redrive(items, options));
    this.#shell.write(({ redrives }) => {
      redrives.untried(task.id, taken);
      // From now on the batch is what it is, over failures and wakes (MIB-7).
      if (calls.length > 0) redrives.called(task.id, taken, { batchId: microBatch.batchId, nowMs, records });
    });
    if (calls.length > 0) await this.#shell.sync();
    await this.#call(task, calls);
    return slice;
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
    const records = called?.records ?? (first.attempts > 0 ? 1 : mostOf(task, first));
    return {
      task,
      called: called !== undefined,
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

/** Of a parked key, so many as may run in one transaction (ERR-9). */
function mostOf({ code }: AttachedTask, { kind, payload }: TakenRedrive): number {
  const bounds = { records: MAX_REDRIVE_RECORDS, characters: MAX_REDRIVE_CHARACTERS };
  return kind === "parked" && code !== undefined ? Math.max(1, code.parkedWithin(payload, bounds)) : 1;
}

/** Its first records: of letters, or of what waits of a key. */
function firstOf(slice: Next, records: number): Next {
  const { taken, items } = slice;
  const [first] = items;
  if (first?.kind !== "parked") return { ...slice, taken: taken.slice(0, records), items: items.slice(0, records) };
  const fewer = Math.min(first.records, records);
  return { ...slice, items: [{ ...first, records: fewer }], records: fewer };
}

function waitingOf(code: TaskPort, item: Redriven): number {
  return item.kind === "parked" ? (code.parked(item.key)?.records ?? 0) : 0;
}

function itemOf({ kind, payload }: TakenRedrive, records: number): Redriven {
  return kind === "parked" ? { kind, key: payload, records } : { kind: "record", record: recordOfText(payload) };
}
