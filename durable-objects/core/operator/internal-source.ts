import type { InternalSourceNode } from "../plan/task-plan.ts";
import { internalKey, type InternalValue } from "./internal-value.ts";
import type { Output } from "./operator.ts";
import { StreamRecord, type Origin } from "./stream-record.ts";

/** Where the records that an internal topic carries under one tag enter, as they were before they were sent. */
export class InternalSource {
  readonly #node: InternalSourceNode;
  readonly #output: Output;

  constructor(node: InternalSourceNode, output: Output) {
    this.#node = node;
    this.#output = output;
  }

  get name(): string {
    return this.#node.name;
  }

  get tag(): number {
    return this.#node.tag;
  }

  take(origin: Origin, { window, payload, before }: InternalValue): void {
    const { timestampMs } = origin.record;
    this.#output.forward(
      new StreamRecord(internalKey(origin.key, window), payload, { timestampMs, origin, replaces: before }),
    );
  }
}
