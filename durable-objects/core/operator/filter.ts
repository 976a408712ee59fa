import type { FilterNode } from "../../../schema/plan.ts";
import type { Operator, Output } from "./operator.ts";
import type { StreamRecord } from "./stream-record.ts";

/** Passes on, unchanged, the records for which the predicate is truthy. */
export class Filter implements Operator {
  readonly name: string;
  readonly #predicate: FilterNode["predicate"];
  readonly #output: Output;

  constructor(node: FilterNode, output: Output) {
    this.name = node.name;
    this.#predicate = node.predicate;
    this.#output = output;
  }

  process(record: StreamRecord): void {
    const predicate = this.#predicate;
    if (predicate(record.value, record.key, record.context)) this.#output.forward(record);
  }
}
