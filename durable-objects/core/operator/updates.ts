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

/** The last change of a key in a micro-batch. */
interface Held {
  readonly record: StreamRecord;
  /** There was no state before its first change in the batch … */
  readonly fresh: boolean;
  /** … and there is none now, because it gave way to another key. */
  readonly gone: boolean;
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
  readonly #held = new Map<string, Held>();

  constructor(runtime: Runtime, output: Output, shown: Shown = payloadOf) {
    this.#runtime = runtime;
    this.#output = output;
    this.#shown = shown;
  }

  emit(key: Exclude<PlanKey, null>, update: Update, record: StreamRecord): void {
    this.#send(key, { ...update, gone: false }, record);
  }

  /** The key gives way to another, or has no row any more: a tombstone, or nothing when it came in this micro-batch. */
  withdraw(key: Exclude<PlanKey, null>, update: Omit<Update, "text">, record: StreamRecord): void {
    this.#send(key, { ...update, text: undefined, gone: true }, record);
  }

  endBatch(): void {
    const held = [...this.#held.values()];
    this.#held.clear();
    for (const { record, fresh, gone } of held) if (!fresh || !gone) this.#runtime.attempt(record, this.#output);
  }

  #send(
    key: Exclude<PlanKey, null>,
    { text, before, timestampMs, gone }: Update & Pick<Held, "gone">,
    { origin }: StreamRecord,
  ): void {
    const replaces = this.#output.readsBefore ? this.#shown(before) : undefined;
    const record = new StreamRecord(key, this.#shown(text), { timestampMs, origin, replaces });
    if (this.#runtime.microBatch) this.#hold(idOf(key), { record, fresh: before === undefined, gone });
    else this.#output.forward(record);
  }

  #hold(id: string, change: Held): void {
    const before = this.#held.get(id);
    this.#runtime.undo.save(this, { id, before });
    this.#held.set(id, before === undefined ? change : after(before, change));
  }

  undo(saved: unknown): void {
    const { id, before } = saved as { id: string; before: Held | undefined };
    if (before === undefined) this.#held.delete(id);
    else this.#held.set(id, before);
  }
}

function after(before: Held, { record, gone }: Held): Held {
  const { key, payload, timestampMs, origin } = record;
  const replaces = before.record.before;
  return { record: new StreamRecord(key, payload, { timestampMs, origin, replaces }), fresh: before.fresh, gone };
}

function idOf(key: Exclude<PlanKey, null>): string {
  return typeof key === "string" ? key : `${key.start}/${key.end}/${key.key}`;
}
