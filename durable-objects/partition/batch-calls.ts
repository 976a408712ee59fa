import type { BatchContext, ForEachBatchNode } from "../../schema/plan.ts";
import type { BatchCall } from "../core/operator/operator.ts";
import type { SliceOptions } from "../core/task/task-port.ts";
import { decompress } from "../gzip.ts";
import { SqlSelect } from "../sqlite/sql-select.ts";
import { SqliteStateStore } from "../sqlite/sqlite-state-store.ts";
import type { AttachedTask } from "./attached-task.ts";
import type { Shell } from "./shell.ts";
import { withDeadline } from "./with-deadline.ts";
import { codeOf } from "./task-code.ts";

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

  needed({ plan }: AttachedTask): boolean {
    return plan?.nodes.some(({ kind }) => kind === "forEachBatch") ?? false;
  }

  /** Resolves when all of them have; throws BatchCallFailed. */
  async call(task: AttachedTask, end: number, options: SliceOptions): Promise<void> {
    for (const { node, records } of this.#try(task, end, options)) {
      const called = task.plan?.nodes.find(
        (each): each is ForEachBatchNode => each.name === node && each.kind === "forEachBatch",
      );
      if (called === undefined) continue;
      const context = { ...contextOf(task, options), env: this.#shell.env };
      try {
        await withDeadline(called.action(records, context), called.timeoutMs, this.#shell.clock);
      } catch (error) {
        throw new BatchCallFailed(
          `${node}, batch ${context.batchId}: ${error instanceof Error ? error.message : String(error)}`,
        );
      }
    }
  }

  #try(task: AttachedTask, end: number, options: SliceOptions): readonly BatchCall[] {
    const { loaded, storage, plans } = this.#shell;
    const row = loaded?.taskTable.all().find(({ id }) => id === task.id);
    if (loaded === undefined || row === undefined) return [];
    let calls: readonly BatchCall[] = [];
    try {
      storage.transactionSync(() => {
        const store = new SqliteStateStore(storage.sql, task.id);
        const select = new SqlSelect(storage.sql, task.id);
        const code = codeOf({ row, input: task.input, partition: loaded.row.partition, plans, store, select });
        const limits = { maxBytes: Number.POSITIVE_INFINITY, maxRecords: end - task.position };
        const records = task.internal
          ? loaded.log.internalRecords(task.position, limits, decompress)
          : loaded.log.records(task.position, limits, decompress);
        if (code.kind === "runs") calls = code.code.run(records, options).batchCalls;
        throw new Tried();
      });
    } catch (error) {
      if (!(error instanceof Tried)) throw error;
    }
    return calls;
  }
}

function contextOf(task: AttachedTask, { nowMs, microBatch }: SliceOptions): BatchContext {
  const [topic, partition] = [task.input, Number(task.name.slice(task.name.lastIndexOf(".") + 1))];
  return { batchId: microBatch?.batchId ?? 0, nowMs, topic, partition };
}
