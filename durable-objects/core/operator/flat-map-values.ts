import type { FlatMapValuesNode } from "../../../schema/plan.ts";
import type { Operator, Output } from "./operator.ts";
import { returnedItems, returnedValue } from "./returned.ts";
import { StreamRecord } from "./stream-record.ts";

/** Any number of records for one, with its key, time and origin. */
export class FlatMapValues implements Operator {
  readonly name: string;
  readonly #mapper: FlatMapValuesNode["mapper"];
  readonly #output: Output;

  constructor(node: FlatMapValuesNode, output: Output) {
    this.name = node.name;
    this.#mapper = node.mapper;
    this.#output = output;
  }

  process(record: StreamRecord): void {
    const mapper = this.#mapper;
    const values = returnedItems(mapper(record.value, record.key, record.context), this.name);
    const payloads = values.map((value) => returnedValue(value, this.name));
    for (const payload of payloads) this.#output.forward(new StreamRecord(record.key, payload, record));
  }
}
