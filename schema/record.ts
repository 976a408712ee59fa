/** Bytes we made ourselves: `fetch` and Web Streams want the plain buffer, not a shared one. */
export type Bytes = Uint8Array<ArrayBuffer>;

export interface Header {
  readonly key: string;
  readonly value: Bytes | null;
}

/** Kafka's pair: a record before it has an offset … `value: null` is a tombstone. */
export interface ProducerRecord {
  readonly key: Bytes | null;
  readonly value: Bytes | null;
  readonly timestampMs: number;
  readonly headers: readonly Header[];
}

/** … and after. */
export interface ConsumerRecord extends ProducerRecord {
  readonly offset: number;
}
