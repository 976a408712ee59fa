import type { BatchContext, ForEachBatchNode, MapBatchNode, PlanKey } from "../../schema/plan.ts";
import type { BatchQuery } from "./batch-sql.ts";
import { type Duration, durationMs } from "./duration.ts";
import { FlowOperators } from "./flow-operators.ts";
import type { Emitted } from "./processor.ts";
import type { Stream } from "./stream.ts";

/** What a stream does with all records of a micro-batch at once. */
export abstract class BatchOperators<Value, Key extends PlanKey> extends FlowOperators<Value, Key> {
  /**
   * All records of a micro-batch at once, in its transaction. It sends `{ value }`, with a `key` and `timestampMs` where it
   * says so, else without a key and with the largest time in the batch. A batch is of one partition; `coalesce` first
   * where it should be of all. When the function throws, the records of the batch are dead letters.
   *
   * @example
   * import { every, pipeline } from "../sdk/streams/index.ts";
   *
   * pipeline("sizes", ({ stream }) =>
   *   stream<{ amount: number }>("orders")
   *     .mapBatch((orders, { batchId }) => [{ key: `${batchId}`, value: { orders: orders.length } }])
   *     .to("batch-sizes"),
   * ).trigger(every("10 seconds"));
   */
  mapBatch<Result>(
    mapper: (
      records: readonly {
        readonly key: Key;
        readonly value: Value;
        readonly timestampMs: number;
        readonly offset: number;
      }[],
      context: BatchContext,
    ) => Iterable<Emitted<Result>>,
  ): Stream<Result> {
    return this.added("mapBatch", { kind: "mapBatch", mapper: mapper as unknown as MapBatchNode["mapper"] });
  }

  /**
   * One SELECT over each micro-batch, see `batchSql`. A result row is a record: its column `key` is the key (text), its
   * column `timestamp` the time, the others the value.
   *
   * @example
   * import { batchSql, every, pipeline } from "../sdk/streams/index.ts";
   *
   * pipeline("totals", ({ stream }) =>
   *   stream<{ amount: number }>("orders")
   *     .batchSql(batchSql`select key, sum(value ->> 'amount') as total from batch group by key`)
   *     .to("batch-totals"),
   * ).trigger(every("10 seconds"));
   */
  batchSql<Row extends object = { readonly [column: string]: string | number | null }>(query: BatchQuery): Stream<Row> {
    return this.added("batchSql", { kind: "batchSql", ...query });
  }

  /**
   * Calls an async function with the records of each micro-batch, outside the transaction, before the batch commits: at
   * least once, and the same batch has the same `batchId`, so that the target can tell a repetition. While it runs the
   * task does not go on; when it fails or takes longer than `timeout` (30 seconds unless told) it is called again.
   *
   * @example
   * import { every, pipeline } from "../sdk/streams/index.ts";
   *
   * pipeline("search", ({ stream }) =>
   *   stream("products").forEachBatch(async (products, { batchId }) => {
   *     await fetch("https://search.example/bulk", {
   *       method: "POST",
   *       headers: { "Idempotency-Key": `products-${batchId}` },
   *       body: JSON.stringify(products),
   *     });
   *   }),
   * ).trigger(every("10 seconds"));
   */
  forEachBatch(
    action: (
      records: readonly {
        readonly key: Key;
        readonly value: Value;
        readonly timestampMs: number;
        readonly offset: number;
      }[],
      context: BatchContext & { readonly env: unknown },
    ) => Promise<void>,
    options: { readonly timeout?: Duration } = {},
  ): void {
    const timeoutMs = durationMs(options.timeout ?? "30 seconds");
    this.added("forEachBatch", {
      kind: "forEachBatch",
      action: action as unknown as ForEachBatchNode["action"],
      timeoutMs,
    });
  }
}
