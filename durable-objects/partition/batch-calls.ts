import type { BatchContext, ForEachBatchNode } from "../../schema/plan.ts";
import type { BatchCall } from "../core/operator/operator.ts";
import type { InputRecord, SliceOptions, SliceResult, TaskPort } from "../core/task/task-port.ts";
import { decompress } from "../gzip.ts";
import { SqlSelect } from "../sqlite/sql-select.ts";
import { SqliteStateStore } from "../sqlite/sqlite-state-store.ts";
import type { AttachedTask } from "./attached-task.ts";
import type { Loaded } from "./loaded.ts";
import type { Shell } from "./shell.ts";
import { optionsOf, type Slice, tickOptionsOf } from "./slice.ts";
import { withDeadline } from "./with-deadline.ts";
import { codeOf } from "./task-code.ts";

/** A function of the plan, and what it is to be called with. */
export interface FoundCall extends BatchCall {
  readonly context: BatchContext;
}

/** What is tried. */
type Run = (code: TaskPort, loaded: Loaded) => SliceResult;

/** Ends the transaction of a trial: what it gave is in `calls`. */
class Tried extends Error {}

/** An async function over a batch failed, or took too long: it is called again with the same batch. */
export class BatchCallFailed extends Error {}

/**
 * Calls the async functions of a plan with the records of a micro-batch before the batch is run (MIB-7). Which records reach
 * them is found out by a trial: the batch is run in a transaction that is taken back, by code of its own, so that nothing
 * of it stays.
 */
export class BatchCalls {
  readonly #shell: Shell;

  constructor(shell: Shell) {
    this.#shell = shell;
  }

  /** What a fork would call is muted with its outputs. */
  needed({ plan, muted }: AttachedTask): boolean {
    return !muted && plan?.nodes.some(({ kind }) => kind === "forEachBatch") === true;
  }

  /** Which functions the slice would call, with what: nothing of it is kept, and none has been called. */
  find({ task, end, tick }: Slice, giveUp: ReadonlySet<number> | undefined): readonly FoundCall[] {
    if (tick !== undefined) {
      const options = { ...tickOptionsOf(tick, task.position), giveUp };
      return this.findIn(task, options, (code) => code.tick(options));
    }
    const options = { ...optionsOf(task, this.#shell.now()), giveUp };
    return this.findIn(task, options, (code, loaded) => code.run(recordsOf(loaded, task, end), options));
  }

  findIn(task: AttachedTask, options: SliceOptions, run: Run): readonly FoundCall[] {
    const { loaded, storage, plans } = this.#shell;
    const row = loaded?.taskTable.all().find(({ id }) => id === task.id);
    if (loaded === undefined || row === undefined) return [];
    const context = contextOf(task, options);
    let found: readonly FoundCall[] = [];
    try {
      storage.transactionSync(() => {
        const store = new SqliteStateStore(storage.sql, task.id);
        const select = new SqlSelect(storage.sql, task.id, store.ordered);
        const code = codeOf({ row, input: task.input, partition: loaded.row.partition, plans, store, select });
        if (code.kind !== "runs") throw new Tried();
        found = run(code.code, loaded).batchCalls.map((call) => ({ ...call, context }));
        throw new Tried();
      });
    } catch (error) {
      if (!(error instanceof Tried)) throw error;
    }
    return found;
  }

  /** Resolves when all of them have; throws BatchCallFailed. */
  async call({ plan }: AttachedTask, found: readonly FoundCall[]): Promise<void> {
    for (const { node, records, context } of found) {
      const called = plan?.nodes.find(
        (each): each is ForEachBatchNode => each.name === node && each.kind === "forEachBatch",
      );
      if (called === undefined) continue;
      try {
        await withDeadline(
          called.action(records, { ...context, env: this.#shell.env }),
          called.timeoutMs,
          this.#shell.clock,
        );
      } catch (error) {
        throw new BatchCallFailed(
          `${node}, batch ${context.batchId}: ${error instanceof Error ? error.message : String(error)}`,
        );
      }
    }
  }
}

/** Inside a transaction, before the functions are called: the batch is from now on what it is. */
export function noteCalled({ taskTable }: Loaded, task: AttachedTask): void {
  const batch = task.microBatch?.batch;
  if (batch === undefined || batch.called === true) return;
  const called = { ...batch, called: true } as const;
  taskTable.journalMicroBatch(task.id, called);
  task.microBatch = { batch: called };
}

function recordsOf({ log }: Loaded, { position, internal }: AttachedTask, end: number): Iterable<InputRecord> {
  const limits = { maxBytes: Number.POSITIVE_INFINITY, maxRecords: end - position };
  return internal ? log.internalRecords(position, limits, decompress) : log.records(position, limits, decompress);
}

function contextOf(task: AttachedTask, { nowMs, microBatch }: SliceOptions): BatchContext {
  const [topic, partition] = [task.input, Number(task.name.slice(task.name.lastIndexOf(".") + 1))];
  return { batchId: microBatch?.batchId ?? 0, nowMs, topic, partition };
}
