import type { PlanKey } from "../../../schema/plan.ts";
import { HeldUpdates } from "./held-updates.ts";
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
export class Updates {
  readonly #runtime: Runtime;
  readonly #output: Output;
  readonly #shown: Shown;
  readonly #held: HeldUpdates;

  constructor(runtime: Runtime, output: Output, shown: Shown = payloadOf) {
    this.#runtime = runtime;
    this.#output = output;
    this.#shown = shown;
    this.#held = new HeldUpdates(runtime.undo);
  }

  /** `from` the record that changed it last. */
  emit(key: Exclude<PlanKey, null>, update: Update, from: Pick<StreamRecord, "origin">): void {
    this.#send(key, { update, gone: false }, from);
  }

  /** The key gives way to another, or has no row any more: a tombstone, or nothing when it came in this micro-batch. */
  withdraw(key: Exclude<PlanKey, null>, { before, timestampMs }: Omit<Update, "text">, record: StreamRecord): void {
    this.#send(key, { update: { text: undefined, before, timestampMs }, gone: true }, record);
  }

  endBatch(): void {
    for (const { last, fresh } of this.#held.take())
      if (!fresh || !last.gone) this.#runtime.attempt(last.record, this.#output);
  }

  #send(
    key: Exclude<PlanKey, null>,
    { update, gone }: { readonly update: Update; readonly gone: boolean },
    { origin }: Pick<StreamRecord, "origin">,
  ): void {
    const { text, before, timestampMs } = update;
    const held = this.#runtime.microBatch ? this.#held.get(key) : undefined;
    const replaces = held === undefined ? this.#replaced(before) : held.last.record.before;
    const record = new StreamRecord(key, this.#shown(text), { timestampMs, origin, replaces });
    if (!this.#runtime.microBatch) this.#output.forward(record);
    else if (held === undefined) this.#held.add({ record, gone }, before === undefined);
    else this.#held.replace(held, { record, gone });
  }

  #replaced(before: string | undefined): ReturnType<Shown> | undefined {
    return this.#output.readsBefore ? this.#shown(before) : undefined;
  }
}
