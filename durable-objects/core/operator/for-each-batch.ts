import type { ForEachBatchNode } from "../../../schema/plan.ts";
import { batchRecordOf, HeldBatch } from "./held-batch.ts";
import type { Operator, Runtime } from "./operator.ts";
import type { StreamRecord } from "./stream-record.ts";

/** Gives the records of a micro-batch to the task's owner, for the async function that is called before the batch commits. */
export class ForEachBatch implements Operator {
  readonly name: string;
  readonly #held: HeldBatch;
  readonly #runtime: Runtime;

  constructor(node: ForEachBatchNode, runtime: Runtime) {
    this.name = node.name;
    this.#held = new HeldBatch(runtime.undo);
    this.#runtime = runtime;
  }

  process(record: StreamRecord): void {
    this.#held.add(record);
  }

  endBatch(): void {
    this.#runtime.batchCalls.push({ node: this.name, records: this.#held.take().map(batchRecordOf) });
  }
}
