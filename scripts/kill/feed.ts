import { partitionForKey } from "../../schema/murmur2.ts";
import type { Millrace, Producer, ProducerIdentity } from "../../sdk/index.ts";
import type { Sent } from "./records.ts";
import { type Input, INPUTS } from "./topics.ts";

const encoder = new TextEncoder();

/** Sends the records of one topic, each once and in order, over as many engines as it takes: it goes on behind what is stored. */
export class Feed {
  readonly topic: Input;
  readonly #records: Sent<unknown>[];
  #identity: ProducerIdentity | undefined;

  constructor(topic: Input, records: readonly Sent<unknown>[]) {
    this.topic = topic;
    this.#records = [...records];
  }

  /** Behind all others. */
  add(records: readonly Sent<unknown>[]): void {
    this.#records.push(...records);
  }

  /** With an engine that has just started. */
  async begin(client: Millrace): Promise<FeedRun> {
    this.#identity ??= await client.producer().identity();
    const producer = client.producer(this.#identity);
    const stored: number[] = Array.from({ length: INPUTS[this.topic] }, () => 0);
    for (const { partition, epoch, lastSequence } of await producer.resume(this.topic)) {
      // Behind an epoch that was given up nobody knows what is stored.
      if (epoch !== this.#identity.producerEpoch) throw new Error(`the producer of ${this.topic} is in epoch ${epoch}`);
      stored[partition] = lastSequence + 1;
    }
    const seen = stored.map(() => 0);
    const missing = this.#records.filter(({ key }) => {
      const partition = partitionForKey(encoder.encode(key), stored.length);
      const place = seen[partition] ?? 0;
      seen[partition] = place + 1;
      return place >= (stored[partition] ?? 0);
    });
    return new FeedRun(this.topic, producer, missing);
  }
}

export class FeedRun {
  readonly #topic: Input;
  readonly #producer: Producer;
  readonly #missing: readonly Sent<unknown>[];
  #at = 0;

  constructor(topic: Input, producer: Producer, missing: readonly Sent<unknown>[]) {
    this.#topic = topic;
    this.#producer = producer;
    this.#missing = missing;
  }

  get left(): number {
    return this.#missing.length - this.#at;
  }

  /** Resolves when so many more are stored. */
  async send(count: number): Promise<void> {
    const piece = this.#missing.slice(this.#at, this.#at + count);
    this.#at += piece.length;
    await this.#producer.sendAll(this.#topic, piece);
  }
}
