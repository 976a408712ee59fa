import type { BatchContext, ForEachBatchNode } from "../../schema/plan.ts";
import type { BatchCall } from "../core/operator/operator.ts";
import type { InputRecord, SliceOptions } from "../core/task/task-port.ts";
import { decompress } from "../gzip.ts";
import { SqlSelect } from "../sqlite/sql-select.ts";
import { SqliteStateStore } from "../sqlite/sqlite-state-store.ts";
import type { AttachedTask } from "./attached-task.ts";
import type { Loaded } from "./loaded.ts";
import type { Shell } from "./shell.ts";
import { optionsOf, type Slice, tickOptionsOf } from "./slice.ts";
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
  async call(slice: Slice): Promise<void> {
    const { task, tick } = slice;
    const options = tick === undefined ? optionsOf(task, this.#shell.now()) : tickOptionsOf(tick, task.position);
    for (const { node, records } of this.#try(slice, options)) {
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

  #try({ task, end, tick }: Slice, options: SliceOptions): readonly BatchCall[] {
    const { loaded, storage, plans } = this.#shell;
    const row = loaded?.taskTable.all().find(({ id }) => id === task.id);
    if (loaded === undefined || row === undefined) return [];
    let calls: readonly BatchCall[] = [];
    try {
      storage.transactionSync(() => {
        const store = new SqliteStateStore(storage.sql, task.id);
        const select = new SqlSelect(storage.sql, task.id, store.ordered);
        const code = codeOf({ row, input: task.input, partition: loaded.row.partition, plans, store, select });
        if (code.kind !== "runs") throw new Tried();
        const result =
          tick === undefined
            ? code.code.run(recordsOf(loaded, task, end), options)
            : code.code.tick(tickOptionsOf(tick, task.position));
        calls = result.batchCalls;
        throw new Tried();
      });
    } catch (error) {
      if (!(error instanceof Tried)) throw error;
    }
    return calls;
  }
}

function recordsOf({ log }: Loaded, { position, internal }: AttachedTask, end: number): Iterable<InputRecord> {
  const limits = { maxBytes: Number.POSITIVE_INFINITY, maxRecords: end - position };
  return internal ? log.internalRecords(position, limits, decompress) : log.records(position, limits, decompress);
}

function contextOf(task: AttachedTask, { nowMs, microBatch }: SliceOptions): BatchContext {
  const [topic, partition] = [task.input, Number(task.name.slice(task.name.lastIndexOf(".") + 1))];
  return { batchId: microBatch?.batchId ?? 0, nowMs, topic, partition };
}
