import type { ForeachNode, PeekNode } from "../../../schema/plan.ts";
import type { Operator, Output } from "./operator.ts";
import type { StreamRecord } from "./stream-record.ts";

/** Shows each record to a function. `foreach` is the same at an end: nothing reads it. */
export class Peek implements Operator {
  readonly name: string;
  readonly #action: PeekNode["action"];
  readonly #output: Output;

  constructor(node: PeekNode | ForeachNode, output: Output) {
    this.name = node.name;
    this.#action = node.action;
    this.#output = output;
  }

  process(record: StreamRecord): void {
    const action = this.#action;
    action(record.value, record.key, record.context);
    this.#output.forward(record);
  }
}
