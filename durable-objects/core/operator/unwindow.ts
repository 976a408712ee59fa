import type { UnwindowNode } from "../../../schema/plan.ts";
import type { Operator, Output } from "./operator.ts";
import { returnedValue } from "./returned.ts";
import { StreamRecord } from "./stream-record.ts";

/** Gives records of windows the key of the window alone. */
export class Unwindow implements Operator {
  readonly name: string;
  readonly #mapper: UnwindowNode["mapper"];
  readonly #output: Output;

  constructor(node: UnwindowNode, output: Output) {
    this.name = node.name;
    this.#mapper = node.mapper;
    this.#output = output;
  }

  process(record: StreamRecord): void {
    const { key } = record;
    if (key === null || typeof key === "string") throw new TypeError(`the key at ${this.name} is no window`);
    const mapper = this.#mapper;
    this.#output.forward(
      new StreamRecord(key.key, returnedValue(mapper(record.value, key, record.context), this.name), record),
    );
  }
}
