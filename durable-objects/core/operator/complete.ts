import type { Undoable } from "../store/undo-log.ts";
import type { Operator, Output, Runtime } from "./operator.ts";
import type { Shown } from "./result-payload.ts";
import { StreamRecord } from "./stream-record.ts";
import type { ContentRow } from "./table-content.ts";

export interface CompleteParts {
  readonly name: string;
  readonly content: () => Iterable<ContentRow>;
  readonly shown: Shown;
}

/**
 * Sends all rows of a table at the end of every micro-batch, in their order; after the empty one that follows a watermark
 * only if that has changed one (Spark, whose complete mode has no such batch).
 */
export class Complete implements Operator, Undoable {
  readonly name: string;
  readonly #parts: CompleteParts;
  readonly #runtime: Runtime;
  readonly #output: Output;
  #changed = false;

  constructor(parts: CompleteParts, runtime: Runtime, output: Output) {
    this.name = parts.name;
    this.#parts = parts;
    this.#runtime = runtime;
    this.#output = output;
  }

  process(): void {
    if (this.#changed) return;
    this.#runtime.undo.save(this, false);
    this.#changed = true;
  }

  undo(): void {
    this.#changed = false;
  }

  endBatch(empty: boolean): void {
    const changed = this.#changed;
    this.#changed = false;
    if (empty && !changed) return;
    const { origin } = this.#runtime;
    for (const { key, text, timestampMs } of this.#parts.content()) {
      const record = new StreamRecord(key, this.#parts.shown(text), { timestampMs, origin });
      this.#runtime.attempt(record, this.#output);
    }
  }
}
