import type { MergeNode } from "../../../schema/plan.ts";
import type { Operator, Output } from "./operator.ts";
import type { StreamRecord } from "./stream-record.ts";

/** Passes on the records of all its inputs as they come. */
export class Merge implements Operator {
  readonly name: string;
  readonly #output: Output;

  constructor(node: MergeNode, output: Output) {
    this.name = node.name;
    this.#output = output;
  }

  process(record: StreamRecord): void {
    this.#output.forward(record);
  }
}
