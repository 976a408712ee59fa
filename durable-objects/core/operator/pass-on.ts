import type { Operator, Output } from "./operator.ts";
import type { StreamRecord } from "./stream-record.ts";

/** Passes records on as they come: of a merge those of all its inputs, of a branch those that its split gave it. */
export class PassOn implements Operator {
  readonly name: string;
  readonly #output: Output;

  constructor(name: string, output: Output) {
    this.name = name;
    this.#output = output;
  }

  process(record: StreamRecord): void {
    this.#output.forward(record);
  }
}
