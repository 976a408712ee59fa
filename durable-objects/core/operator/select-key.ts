import type { SelectKeyNode } from "../../../schema/plan.ts";
import type { Operator, Output } from "./operator.ts";
import { returnedKey } from "./returned.ts";
import { StreamRecord } from "./stream-record.ts";

export class SelectKey implements Operator {
  readonly name: string;
  readonly #selector: SelectKeyNode["selector"];
  readonly #output: Output;

  constructor(node: SelectKeyNode, output: Output) {
    this.name = node.name;
    this.#selector = node.selector;
    this.#output = output;
  }

  process(record: StreamRecord): void {
    const selector = this.#selector;
    const key = returnedKey(selector(record.value, record.key, record.context), record.key, this.name);
    this.#output.forward(new StreamRecord(key, record.payload, record));
  }
}
