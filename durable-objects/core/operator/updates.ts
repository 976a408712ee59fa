import type { PlanKey } from "../../../schema/plan.ts";
import type { Undoable } from "../store/undo-log.ts";
import type { Output, Runtime } from "./operator.ts";
import { TextPayload, TOMBSTONE } from "./payload.ts";
import { StreamRecord } from "./stream-record.ts";

/** One key's new state; `text: undefined` says that it was removed. */
export interface Update {
  readonly key: Exclude<PlanKey, null>;
  readonly text: string | undefined;
  readonly timestampMs: number;
  readonly from: StreamRecord;
}

/**
 * How changes of a store go downstream: each at once, or in a micro-batch the last of every key at its end, in the order
 * in which the keys first changed. Either way the value is read from its JSON text, so both see the same.
 */
export class Updates implements Undoable {
  readonly #runtime: Runtime;
  readonly #output: Output;
  readonly #held = new Map<string, StreamRecord>();

  constructor(runtime: Runtime, output: Output) {
    this.#runtime = runtime;
    this.#output = output;
  }

  emit({ key, text, timestampMs, from }: Update): void {
    const payload = text === undefined ? TOMBSTONE : new TextPayload(text);
    const record = new StreamRecord(key, payload, { timestampMs, origin: from.origin });
    if (!this.#runtime.microBatch) return this.#output.forward(record);
    const id = typeof key === "string" ? key : `${key.start}/${key.key}`;
    this.#runtime.undo.save(this, { id, before: this.#held.get(id) });
    this.#held.set(id, record);
  }

  endBatch(): void {
    const records = [...this.#held.values()];
    this.#held.clear();
    for (const record of records) this.#runtime.attempt(record, this.#output);
  }

  undo(saved: unknown): void {
    const { id, before } = saved as { id: string; before: StreamRecord | undefined };
    if (before === undefined) this.#held.delete(id);
    else this.#held.set(id, before);
  }
}
