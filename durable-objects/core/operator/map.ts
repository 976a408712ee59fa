import type { MapNode } from "../../../schema/plan.ts";
import type { Operator, Output } from "./operator.ts";
import { returned } from "./returned.ts";
import type { StreamRecord } from "./stream-record.ts";

export class MapRecords implements Operator {
  readonly name: string;
  readonly #mapper: MapNode["mapper"];
  readonly #output: Output;

  constructor(node: MapNode, output: Output) {
    this.name = node.name;
    this.#mapper = node.mapper;
    this.#output = output;
  }

  process(record: StreamRecord): void {
    const mapper = this.#mapper;
    this.#output.forward(returned(mapper(record.value, record.key, record.context), record, this.name));
  }
}
