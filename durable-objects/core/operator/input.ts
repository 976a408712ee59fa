import type { Operator } from "./operator.ts";
import type { StreamRecord } from "./stream-record.ts";

/** An operator that is told from which of its node's inputs a record comes. */
export interface ManyInputs extends Operator {
  process(record: StreamRecord, input?: number): void;
}

/** A further input of a node that one operator runs. The first input is the operator itself. */
export class FurtherInput implements Operator {
  readonly #operator: ManyInputs;
  readonly #input: number;

  constructor(operator: ManyInputs, input: number) {
    this.#operator = operator;
    this.#input = input;
  }

  get name(): string {
    return this.#operator.name;
  }

  process(record: StreamRecord): void {
    this.#operator.process(record, this.#input);
  }
}
