import type { SourceNode } from "../../../schema/plan.ts";
import type { Output } from "./operator.ts";
import { SourcePayload } from "./payload.ts";
import { StreamRecord, type Origin } from "./stream-record.ts";

/** Where the records of one topic enter. The value is read when somebody asks for it. */
export class Source {
  readonly #node: SourceNode;
  readonly #output: Output;

  constructor(node: SourceNode, output: Output) {
    this.#node = node;
    this.#output = output;
  }

  get name(): string {
    return this.#node.name;
  }

  take(origin: Origin): void {
    const { value, timestampMs } = origin.record;
    const payload = new SourcePayload(value, this.#node.format);
    this.#output.forward(new StreamRecord(origin.key, payload, { timestampMs, origin }));
  }
}
