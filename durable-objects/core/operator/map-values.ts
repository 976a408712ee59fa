import type { MapValuesNode } from "../../../schema/plan.ts";
import type { Operator, Output } from "./operator.ts";
import { returnedValue } from "./returned.ts";
import { StreamRecord } from "./stream-record.ts";

export class MapValues implements Operator {
  readonly name: string;
  readonly #mapper: MapValuesNode["mapper"];
  readonly #output: Output;

  constructor(node: MapValuesNode, output: Output) {
    this.name = node.name;
    this.#mapper = node.mapper;
    this.#output = output;
  }

  process(record: StreamRecord): void {
    const mapper = this.#mapper;
    const payload = returnedValue(mapper(record.value, record.key, record.context), this.name);
    this.#output.forward(new StreamRecord(record.key, payload, record));
  }
}
