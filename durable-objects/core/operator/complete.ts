import type { PlanKey } from "../../../schema/plan.ts";
import type { CachedStore } from "../store/store-cache.ts";
import type { Operator, Output, Runtime } from "./operator.ts";
import type { Shown } from "./result-payload.ts";
import { StreamRecord } from "./stream-record.ts";

export interface CompleteParts {
  readonly name: string;
  readonly store: CachedStore;
  readonly shown: Shown;
  /** The key of a row in a topic; `start` counts in a windowed store. */
  readonly keyOf: (key: string, start: number) => Exclude<PlanKey, null>;
}

/** Sends all rows of a table at the end of every micro-batch, by key, or by start and key. Changes only tell it that there is one. */
export class Complete implements Operator {
  readonly name: string;
  readonly #parts: CompleteParts;
  readonly #runtime: Runtime;
  readonly #output: Output;

  constructor(parts: CompleteParts, runtime: Runtime, output: Output) {
    this.name = parts.name;
    this.#parts = parts;
    this.#runtime = runtime;
    this.#output = output;
  }

  process(): void {
    // What is sent is the table, whatever changed.
  }

  endBatch(): void {
    const { origin } = this.#runtime;
    for (const { key, start, value, timestampMs } of this.#rows()) {
      const record = new StreamRecord(this.#parts.keyOf(key, start), this.#parts.shown(value), { timestampMs, origin });
      this.#runtime.attempt(record, this.#output);
    }
  }

  *#rows(): Generator<{
    readonly key: string;
    readonly start: number;
    readonly value: string;
    readonly timestampMs: number;
  }> {
    const { store } = this.#parts;
    const { cache } = this.#runtime;
    if (store.kind === "window") {
      for (const { key, start, value } of cache.dueWindows(store, { upToStart: Infinity })) {
        if (value !== undefined) yield { key, start, ...value };
      }
      return;
    }
    for (const row of cache.scan(store, {})) yield { ...row, start: 0 };
  }
}
