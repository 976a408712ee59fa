import { StreamError } from "../stream-error.ts";
import type { TopicDescription } from "../topics.ts";
import type { Transport } from "../transport.ts";
import type { SenderStart } from "./partition-sender.ts";
import type { ProducerIdentity, ProducerSettings } from "./producer-settings.ts";
import { sequenceAfter } from "./sequence-window.ts";

/** What a partition has of a producer. */
export interface ProducerPosition {
  readonly partition: number;
  readonly epoch: number;
  /** Of the last record stored; sequences count the records of a partition from 0. */
  readonly lastSequence: number;
}

/** Who the producer is, and where it begins in each partition. */
export class Registration {
  readonly #transport: Transport;
  readonly #settings: ProducerSettings;
  #allocated: Promise<ProducerIdentity> | undefined;

  constructor(transport: Transport, settings: ProducerSettings) {
    this.#transport = transport;
    this.#settings = settings;
  }

  /** The id given, or one that is allocated once. */
  identity(): Promise<ProducerIdentity> {
    if (this.#settings.given !== undefined) return Promise.resolve(this.#settings.given);
    this.#allocated ??= this.#allocate();
    return this.#allocated;
  }

  async positions(topic: string): Promise<readonly ProducerPosition[]> {
    const { producerId } = await this.identity();
    const { partitions } = await this.#transport.json<{ readonly partitions: readonly ProducerPosition[] }>({
      method: "GET",
      path: ["topics", topic, "producers", producerId],
      deadlineMs: this.#deadlineMs(),
    });
    return partitions;
  }

  /** Of an allocated id no partition has heard, so only a given one is asked about (SDK-26). */
  async starts(topic: string): Promise<readonly SenderStart[]> {
    const [identity, description, positions] = await Promise.all([
      this.identity(),
      this.#transport.json<TopicDescription>({
        method: "GET",
        path: ["topics", topic],
        deadlineMs: this.#deadlineMs(),
      }),
      this.#settings.given === undefined ? [] : this.positions(topic),
    ]);
    return description.partitions.map((_, partition) => {
      return startAfter(identity, { topic, position: positions.find((each) => each.partition === partition) });
    });
  }

  async #allocate(): Promise<ProducerIdentity> {
    try {
      const deadlineMs = this.#deadlineMs();
      return await this.#transport.json({ method: "POST", path: ["producers"], deadlineMs });
    } catch (error) {
      this.#allocated = undefined;
      throw error;
    }
  }

  #deadlineMs(): number {
    return this.#transport.clock.nowMs() + this.#settings.deliveryTimeoutMs;
  }
}

function startAfter(
  { producerId, producerEpoch: epoch }: ProducerIdentity,
  { topic, position }: { readonly topic: string; readonly position: ProducerPosition | undefined },
): SenderStart {
  if (position === undefined || position.epoch < epoch) return { producerId, epoch, nextSequence: 0 };
  if (position.epoch === epoch) return { producerId, epoch, nextSequence: sequenceAfter(position.lastSequence, 1) };
  const taken = `producer ${producerId} has epoch ${position.epoch} in ${topic}/${position.partition}, not ${epoch}`;
  throw new StreamError(`${taken}; give a producerEpoch above it`, { code: "fenced_producer", retriable: false });
}
