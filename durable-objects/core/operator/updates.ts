import type { PlanKey } from "../../../schema/plan.ts";
import type { Undoable } from "../store/undo-log.ts";
import type { Output, Runtime } from "./operator.ts";
import { payloadOf } from "./payload.ts";
import type { Shown } from "./result-payload.ts";
import { StreamRecord } from "./stream-record.ts";

/** A change of one key's state, as JSON texts; `undefined` says that there is none. */
export interface Update {
  readonly text: string | undefined;
  readonly before: string | undefined;
  readonly timestampMs: number;
}

/**
 * How changes of a store go downstream: each at once, or in a micro-batch the last of every key at its end, in the order
 * in which the keys first changed, with what its first change replaced. Either way the value is read from its JSON text,
 * so both see the same.
 */
export class Updates implements Undoable {
  readonly #runtime: Runtime;
  readonly #output: Output;
  readonly #shown: Shown;
  readonly #held = new Map<string, StreamRecord>();

  constructor(runtime: Runtime, output: Output, shown: Shown = payloadOf) {
    this.#runtime = runtime;
    this.#output = output;
    this.#shown = shown;
  }

  emit(key: Exclude<PlanKey, null>, { text, before, timestampMs }: Update, { origin }: StreamRecord): void {
    const replaces = this.#output.readsBefore ? this.#shown(before) : undefined;
    const record = new StreamRecord(key, this.#shown(text), { timestampMs, origin, replaces });
    if (this.#runtime.microBatch) this.#hold(idOf(key), record);
    else this.#output.forward(record);
  }

  endBatch(): void {
    const records = [...this.#held.values()];
    this.#held.clear();
    for (const record of records) this.#runtime.attempt(record, this.#output);
  }

  #hold(id: string, record: StreamRecord): void {
    const held = this.#held.get(id);
    this.#runtime.undo.save(this, { id, before: held });
    const { key, payload, timestampMs, origin } = record;
    const since =
      held === undefined ? record : new StreamRecord(key, payload, { timestampMs, origin, replaces: held.before });
    this.#held.set(id, since);
  }

  undo(saved: unknown): void {
    const { id, before } = saved as { id: string; before: StreamRecord | undefined };
    if (before === undefined) this.#held.delete(id);
    else this.#held.set(id, before);
  }
}

function idOf(key: Exclude<PlanKey, null>): string {
  return typeof key === "string" ? key : `${key.start}/${key.end}/${key.key}`;
}
