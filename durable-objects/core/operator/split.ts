import type { SplitNode } from "../../../schema/plan.ts";
import type { Operator, Output } from "./operator.ts";
import type { StreamRecord } from "./stream-record.ts";

/** Gives each record to the first branch that takes it; one that none takes ends here. */
export class Split implements Operator {
  readonly name: string;
  readonly #predicates: SplitNode["predicates"];
  readonly #output: Output;

  constructor(node: SplitNode, output: Output) {
    this.name = node.name;
    this.#predicates = node.predicates;
    this.#output = output;
  }

  process(record: StreamRecord): void {
    for (const [branch, predicate] of this.#predicates.entries()) {
      if (predicate === undefined || predicate(record.value, record.key, record.context))
        return this.#output.forwardTo(branch, record);
    }
  }
}
