import type { PlanKey, RecordContext } from "../../../schema/plan.ts";
import type { Bytes, ConsumerRecord, Header } from "../../../schema/record.ts";
import { keyText, utf8 } from "./key-text.ts";
import { windowedBytes } from "./record-key.ts";
import type { Payload } from "./payload.ts";

/** The record of the log that a record in the topology goes back to. */
export class Origin {
  readonly topic: string;
  readonly partition: number;
  readonly record: ConsumerRecord;
  #key: string | null | undefined;

  constructor(topic: string, partition: number, record: ConsumerRecord) {
    this.topic = topic;
    this.partition = partition;
    this.record = record;
  }

  /** Its key as text; not UTF-8 is an error of the record. */
  get key(): string | null {
    if (this.#key === undefined) this.#key = this.record.key === null ? null : keyText(this.record.key);
    return this.#key;
  }

  /** UTF-8 of a key; that of the record itself as it lies in the log. */
  keyBytes(key: string): Bytes {
    return key === this.#key && this.record.key !== null ? this.record.key : utf8(key);
  }
}

export interface RecordFrom {
  readonly timestampMs: number;
  readonly origin: Origin;
  /** `before` of the new record. */
  readonly replaces?: Payload | undefined;
}

/** A record on its way through the operators. Immutable; one that is changed is another with the same origin. */
export class StreamRecord {
  readonly key: PlanKey;
  readonly payload: Payload;
  readonly timestampMs: number;
  readonly origin: Origin;
  /**
   * Of a change of a table: what the value replaces, a tombstone where there was none. There only where somebody reads it
   * (plan/changes.ts); a stream that is made of a table may still carry it, and does not look.
   */
  readonly before: Payload | undefined;
  #context: RecordContext | undefined;

  /** Of a record given as `from` it takes time and origin: what that one replaces is nothing to a record made of it. */
  constructor(key: PlanKey, payload: Payload, from: RecordFrom) {
    this.key = key;
    this.payload = payload;
    this.timestampMs = from.timestampMs;
    this.origin = from.origin;
    this.before = from.replaces;
  }

  /** As a topic holds it. */
  get keyBytes(): Bytes | null {
    if (this.key === null) return null;
    if (typeof this.key === "string") return this.origin.keyBytes(this.key);
    return windowedBytes(this.origin.keyBytes(this.key.key), this.key);
  }

  get value(): unknown {
    return this.payload.value();
  }

  get context(): RecordContext {
    return (this.#context ??= new Context(this.timestampMs, this.origin));
  }
}

class Context implements RecordContext {
  readonly timestampMs: number;
  readonly offset: number;
  readonly topic: string;
  readonly partition: number;
  readonly #headers: readonly Header[];

  constructor(timestampMs: number, { topic, partition, record }: Origin) {
    this.timestampMs = timestampMs;
    this.offset = record.offset;
    this.topic = topic;
    this.partition = partition;
    this.#headers = record.headers;
  }

  /** Copies: the bytes belong to the log. */
  get headers(): RecordContext["headers"] {
    return this.#headers.map(({ key, value }) => ({ key, value: value === null ? null : value.slice() }));
  }
}
