import type { MapBatchNode } from "../../../schema/plan.ts";
import { batchRecordOf, causeOf, HeldBatch } from "./held-batch.ts";
import type { Operator, Output, Runtime } from "./operator.ts";
import { resultOf, returnedItems } from "./returned.ts";
import type { StreamRecord } from "./stream-record.ts";

/** Hands all records of a micro-batch to a function at its end. The batch is its unit: when it throws, all are dead letters. */
export class MapBatch implements Operator {
  readonly name: string;
  readonly #mapper: MapBatchNode["mapper"];
  readonly #held: HeldBatch;
  readonly #runtime: Runtime;
  readonly #output: Output;

  constructor(node: MapBatchNode, runtime: Runtime, output: Output) {
    this.name = node.name;
    this.#mapper = node.mapper;
    this.#held = new HeldBatch(runtime.undo);
    this.#runtime = runtime;
    this.#output = output;
  }

  process(record: StreamRecord): void {
    this.#held.add(record);
  }

  endBatch(): void {
    const records = this.#held.take();
    const from = causeOf(records, this.#runtime.origin);
    this.#runtime.unit(
      () => records.map((record) => this.#runtime.letterOf(record)),
      () => {
        this.#runtime.trace.node = this.name;
        const mapper = this.#mapper;
        const results = returnedItems(mapper(records.map(batchRecordOf), this.#runtime.batch), this.name);
        const sent = results.map((result) => resultOf(result, from, this.name));
        for (const record of sent) this.#output.forward(record);
      },
    );
  }
}
