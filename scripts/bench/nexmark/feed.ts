import { encoded, type EncodedEvent } from "./encode.ts";
import { generated } from "./generator.ts";
import { type Answer, Reference } from "./reference.ts";
import { recordsFor, type SourceRecord } from "./topics.ts";
import type { Query } from "./queries/query.ts";

/** The events of a run, made once: what is sent is made before the clock starts. */
export class Feed {
  readonly count: number;
  readonly #events: readonly EncodedEvent[];
  readonly #reference: Reference;

  constructor(count: number) {
    this.count = count;
    this.#events = Array.from(generated({ count }), encoded);
    this.#reference = new Reference(generated({ count }));
  }

  recordsFor(topic: string): readonly SourceRecord[] {
    return [...recordsFor(topic, this.#events)];
  }

  /** Of SQLite. */
  answer(query: Query): Answer {
    return this.#reference.answer(query);
  }
}
