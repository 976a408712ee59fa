import type { FlatMapNode } from "../../../schema/plan.ts";
import type { Operator, Output } from "./operator.ts";
import { returned, returnedItems } from "./returned.ts";
import type { StreamRecord } from "./stream-record.ts";

/** Any number of records for one, with its time and origin. */
export class FlatMap implements Operator {
  readonly name: string;
  readonly #mapper: FlatMapNode["mapper"];
  readonly #output: Output;

  constructor(node: FlatMapNode, output: Output) {
    this.name = node.name;
    this.#mapper = node.mapper;
    this.#output = output;
  }

  process(record: StreamRecord): void {
    const mapper = this.#mapper;
    const pairs = returnedItems(mapper(record.value, record.key, record.context), this.name);
    for (const pair of pairs.map((each) => returned(each, record, this.name))) this.#output.forward(pair);
  }
}
