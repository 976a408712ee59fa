import { MAX_MICRO_BATCH_BYTES, MAX_OUTBOX_BYTES } from "../../schema/limits.ts";
import type { AttachedTask } from "./attached-task.ts";
import { guard } from "./crash-guard.ts";
import { guardAfter, sliceLimit } from "./guard.ts";
import type { IdleWatch } from "./idle-watch.ts";
import type { Loaded } from "./loaded.ts";
import type { Lookups } from "./lookups.ts";
import type { Shell } from "./shell.ts";
import type { Slice } from "./slice.ts";
import type { Ticks } from "./ticks.ts";

interface Parts {
  readonly idle: IdleWatch;
  readonly ticks: Ticks;
  readonly lookups: Lookups;
}

export interface Prepared extends Slice {
  /** Something was committed that must be durable before the slice runs. */
  readonly wroteAhead: boolean;
}

/** Decides what a task does next, and commits, a turn ahead, what must be known of it if the object ends inside. */
export class NextSlice {
  readonly #shell: Shell;
  readonly #parts: Parts;

  constructor(shell: Shell, parts: Parts) {
    this.#shell = shell;
    this.#parts = parts;
  }

  /** So much waits in the outbox that the tasks wait for it (ENG-7). */
  get full(): boolean {
    return (this.#shell.loaded?.outbox.bytes ?? 0) >= MAX_OUTBOX_BYTES;
  }

  /** Undefined where there is nothing to do now. */
  prepare(id: number): Prepared | undefined {
    const task = this.#shell.loaded?.taskById(id);
    // Most often there is nothing to do, and that needs no transaction.
    if (task?.runnable !== true || this.full) return undefined;
    const { ticks, lookups } = this.#parts;
    const nowMs = this.#shell.now();
    const records = task.position < this.#wanted(task);
    if (!records && !ticks.wanted(task, { nowMs, records })) return undefined;
    if (lookups.waits(task)) return undefined;
    return this.#shell.write((loaded) => {
      this.#skipTrimmed(loaded, task, nowMs);
      const ticked = ticks.wanted(task, { nowMs, records }) && ticks.decide(loaded, task, nowMs);
      const next = task.tick === undefined ? this.#records(loaded, task) : { end: task.position, decided: ticked };
      if (next === undefined) return undefined;
      const guarded = guard(loaded, task, next.end);
      return { task, end: next.end, tick: task.tick, wroteAhead: next.decided || guarded };
    });
  }

  /** Somebody trimmed what the task had not read: counted, never silent (ENG-15). A tick in front of it comes first. */
  #skipTrimmed(loaded: Loaded, task: AttachedTask, nowMs: number): void {
    const { log, taskTable } = loaded;
    if (task.position >= log.logStartOffset || task.tick !== undefined) return;
    task.skipped += log.logStartOffset - task.position;
    task.position = log.logStartOffset;
    // A function may have seen the batch that was decided: its id is not given to other records.
    task.lastBatchId = task.microBatch?.batch.batchId ?? task.lastBatchId;
    task.microBatch = undefined;
    // What the object ended on has gone.
    if (task.guard.kind === "careful") task.guard = guardAfter(task.guard, task.position);
    taskTable.skipTo(task.id, task.position, task.skipped);
    this.#parts.idle.begin(loaded, task, nowMs);
    this.#parts.ticks.arm(loaded, task, nowMs);
  }

  #records(loaded: Loaded, task: AttachedTask): { end: number; decided: boolean } | undefined {
    const wanted = this.#wanted(task);
    if (task.position >= wanted) return undefined;
    const limit = Math.min(task.sliceRecords, sliceLimit(task.guard, task.position));
    const decided = task.trigger.kind !== "perEvent" && this.#decideMicroBatch(loaded, task, limit);
    const end =
      this.#parts.lookups.endOf(task) ??
      loaded.log.wholeBatches(task.position, Math.min(wanted, task.position + limit));
    return { end: task.microBatch?.batch.to ?? end, decided };
  }

  /** How far the task should come now. */
  #wanted({ trigger, microBatch, dueTo, stopAt }: AttachedTask): number {
    const end = this.#shell.loaded?.log.logEndOffset ?? 0;
    const wanted = trigger.kind === "perEvent" ? end : (microBatch?.batch.to ?? dueTo);
    return Math.min(wanted, stopAt);
  }

  /** The boundary of a micro-batch is an input: committed before the batch runs, and the same after a crash (TRG-4). */
  #decideMicroBatch({ log, taskTable }: Loaded, task: AttachedTask, limit: number): boolean {
    const decided = task.microBatch?.batch;
    const tooLong = task.guard.kind === "careful" && decided !== undefined && decided.to - task.position > limit;
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
}
