import type { EncodableRecord } from "../../schema/record-batch/encode.ts";
import { partitionForKey } from "../../schema/murmur2.ts";
import { MAX_KEY_BYTES } from "../../schema/limits.ts";
import type { Bytes } from "../../schema/record.ts";
import { writeUtf8 } from "../../schema/utf8.ts";
import { StreamError } from "../stream-error.ts";
import { PartitionSender, type SenderContext, type SenderStart } from "./partition-sender.ts";
import { bufferedBytes } from "./pending-batch.ts";
import type { Settlement } from "./settlement.ts";

/** A record on its way to its partition. */
export interface Outgoing {
  readonly record: EncodableRecord;
  /** Where the caller wants it, before the key. */
  readonly partition: number | undefined;
  readonly settlement: Settlement;
}

/** Keys are at most this long when they come here; a UTF-16 code unit is at most three bytes. */
const keyScratch: Bytes = new Uint8Array(3 * MAX_KEY_BYTES);

/** The partitions of one topic. Records wait, in order, until it is known how many there are. */
export class TopicSender {
  readonly #context: SenderContext;
  readonly #topic: string;
  readonly #open: (topic: string) => Promise<readonly SenderStart[]>;
  #opening: Promise<void> | undefined;
  #waiting: Outgoing[] = [];
  #partitions: readonly PartitionSender[] = [];
  #sticky = 0;

  /** `open` answers where each partition starts; it is asked when the first record comes, and again if it failed. */
  constructor(context: SenderContext, topic: string, open: (topic: string) => Promise<readonly SenderStart[]>) {
    this.#context = context;
    this.#topic = topic;
    this.#open = open;
  }

  get epoch(): number {
    return Math.max(0, ...this.#partitions.map(({ epoch }) => epoch));
  }

  append(outgoing: Outgoing): void {
    this.#context.buffer.take(bufferedBytes(outgoing.record));
    if (this.#partitions.length > 0) return this.#place(outgoing);
    this.#waiting.push(copied(outgoing));
    void this.open().catch(() => {}); // Every record that waits is told.
  }

  /** Resolves when the partitions are known. */
  open(): Promise<void> {
    this.#opening ??= this.#start().finally(() => {
      this.#opening = undefined;
    });
    return this.#partitions.length > 0 ? Promise.resolve() : this.#opening;
  }

  async flush(): Promise<void> {
    await this.#opening?.catch(() => {});
    await Promise.all(this.#partitions.map((partition) => partition.flush()));
  }

  async #start(): Promise<void> {
    try {
      const starts = await this.#open(this.#topic);
      this.#partitions = starts.map(
        (start, partition) => new PartitionSender(this.#context, { topic: this.#topic, partition }, start),
      );
      this.#sticky = Math.floor(this.#context.transport.clock.random() * starts.length);
    } catch (error) {
      for (const outgoing of this.#takeWaiting()) this.#refuse(outgoing, asStreamError(error));
      throw error;
    }
    for (const outgoing of this.#takeWaiting()) this.#place(outgoing);
  }

  #takeWaiting(): readonly Outgoing[] {
    const waiting = this.#waiting;
    this.#waiting = [];
    return waiting;
  }

  #place(outgoing: Outgoing): void {
    const partition = this.#partitions[this.#partitionOf(outgoing)];
    if (partition !== undefined) return partition.append(outgoing.record, outgoing.settlement);
    const message = `${this.#topic} has partitions 0 to ${this.#partitions.length - 1}, not ${outgoing.partition}`;
    this.#refuse(outgoing, new StreamError(message, { code: "unknown_partition", retriable: false }));
  }

  /** The partition asked for, the key's, or the one that has an open batch (SDK-11). */
  #partitionOf({ record, partition }: Outgoing): number {
    const { key } = record;
    const count = this.#partitions.length;
    if (partition !== undefined) return partition;
    if (count === 1) return 0;
    if (key === null) return this.#stickyPartition();
    if (typeof key !== "string") return partitionForKey(key, count);
    return partitionForKey(keyScratch.subarray(0, writeUtf8(keyScratch, 0, key)), count);
  }

  /** Records without a key fill one batch before they go on to the next partition: few large batches (KIP-480). */
  #stickyPartition(): number {
    const count = this.#partitions.length;
    if (this.#partitions[this.#sticky]?.filling === true) return this.#sticky;
    for (let step = 1; step <= count; step++) {
      const next = (this.#sticky + step) % count;
      if (this.#partitions[next]?.dead === true) continue;
      this.#sticky = next;
      break;
    }
    return this.#sticky;
  }

  #refuse({ record, settlement }: Outgoing, error: StreamError): void {
    this.#context.buffer.release(bufferedBytes(record));
    this.#context.onFailure(error);
    settlement.failed(error);
  }
}

/** A record that waits must not change when the caller uses its bytes again. */
function copied(outgoing: Outgoing): Outgoing {
  const own = (field: Bytes | string | null) => (typeof field === "string" || field === null ? field : field.slice());
  const { record } = outgoing;
  const headers = record.headers.map(({ key, value }) => ({ key, value: own(value) }));
  return { ...outgoing, record: { ...record, key: own(record.key), value: own(record.value), headers } };
}

function asStreamError(error: unknown): StreamError {
  if (error instanceof StreamError) return error;
  return new StreamError(`the topic could not be opened: ${String(error)}`, {
    code: "producer_failed",
    retriable: false,
    cause: error,
  });
}
