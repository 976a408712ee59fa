import { MAX_RECORDS_PER_REQUEST } from "../../schema/limits.ts";
import { sleep } from "../clock.ts";
import { StreamError, type StreamErrorCode } from "../stream-error.ts";
import type { Transport } from "../transport.ts";
import { encodableRecord } from "./encode-record.ts";
import type { SenderContext } from "./partition-sender.ts";
import { producerSettings, type ProducerIdentity, type ProducerOptions } from "./producer-settings.ts";
import type { RecordMetadata, RecordToSend } from "./record-to-send.ts";
import { Registration, type ProducerPosition } from "./registration.ts";
import { SendBuffer } from "./send-buffer.ts";
import { RecordPromise, Tally, type Settlement } from "./settlement.ts";
import { TopicSender } from "./topic-sender.ts";

/**
 * Sends records, each stored once and in the order of `send` within its partition, whatever is lost, doubled or late on
 * the way. Made by `client.producer`.
 *
 * Records wait up to `lingerMs` for others and go as RecordBatches, up to five under way for each partition. What is not
 * answered is sent again, with the same sequence, for `deliveryTimeoutMs`. A batch that is given up then fails with
 * `timed_out`; so do those sent behind it, for nobody can know whether they are stored, and later records go on in a new
 * epoch. `details.stored` of an error says "no" or "unknown". Where the server says that sequences are out of order
 * for good, or another client has taken over the id, that partition fails with `producer_failed`: make a new producer.
 *
 * @example
 * ```ts
 * import { Millrace } from "../sdk/index.ts";
 *
 * const client = new Millrace({ url: "http://127.0.0.1:8787" });
 * const producer = client.producer({ compression: "gzip" });
 * const { partition, offset } = await producer.send("orders", { key: "a", value: { amount: 12 } });
 * console.log(`stored at ${partition}/${offset}`);
 * await producer.close();
 * ```
 */
export class Producer {
  readonly #context: SenderContext;
  readonly #registration: Registration;
  readonly #topics = new Map<string, TopicSender>();
  #firstFailure: StreamError | undefined;
  #closed = false;

  constructor(transport: Transport, options: ProducerOptions = {}) {
    const settings = producerSettings(options);
    this.#registration = new Registration(transport, settings);
    this.#context = {
      transport,
      settings,
      buffer: new SendBuffer(settings.bufferBytes),
      onFailure: (error) => {
        this.#firstFailure ??= error;
      },
    };
  }

  /**
   * Resolves when the record is stored. A rejection that nobody handles does not end the process: `flush` and `close`
   * report it too (SDK-14). Rejects with `buffer_full`, retriable, while twice `bufferBytes` are under way: await `ready`.
   */
  send(topic: string, record: RecordToSend): Promise<RecordMetadata> {
    const sent = new RecordPromise();
    this.#take(topic, record, sent);
    return sent.promise;
  }

  /**
   * Sends every record, waiting for room where the source is faster, and resolves when all are stored: cheaper than a
   * promise a record. Takes no more after a failure, and rejects with the first one when the others have ended.
   *
   * @example
   * ```ts
   * import { Millrace } from "../sdk/index.ts";
   *
   * function* readings() {
   *   for (let second = 0; second < 100_000; second++) yield { key: "pump-7", value: { second, bar: Math.random() } };
   * }
   *
   * const producer = new Millrace({ url: "http://127.0.0.1:8787" }).producer();
   * const { records } = await producer.sendAll("readings", readings());
   * console.log(`${records} records stored`);
   * ```
   */
  async sendAll(
    topic: string,
    records: Iterable<RecordToSend> | AsyncIterable<RecordToSend>,
  ): Promise<{ readonly records: number }> {
    const tally = new Tally();
    if (Symbol.asyncIterator in records) {
      for await (const record of records) {
        const wait = this.#tally(topic, record, tally);
        if (wait !== undefined) await wait;
        if (tally.firstFailure !== undefined) break;
      }
    } else {
      for (const record of records) {
        const wait = this.#tally(topic, record, tally);
        if (wait !== undefined) await wait;
        if (tally.firstFailure !== undefined) break;
      }
    }
    await this.#topics.get(topic)?.flush();
    await tally.done();
    if (tally.firstFailure !== undefined) throw tally.firstFailure;
    return { records: tally.records };
  }

  /** Resolves when less than `bufferBytes` are under way. */
  ready(): Promise<void> {
    return this.#context.buffer.ready();
  }

  /** Sends what waits and resolves when every record so far has ended. Rejects with the first failure since the last flush. */
  async flush(): Promise<void> {
    await Promise.all([...this.#topics.values()].map((topic) => topic.flush()));
    const failure = this.#firstFailure;
    this.#firstFailure = undefined;
    if (failure !== undefined) throw failure;
  }

  /** Flushes; `send` is refused from now on. */
  close(): Promise<void> {
    this.#closed = true;
    return this.flush();
  }

  /** What a later run needs to go on as this producer. */
  async identity(): Promise<ProducerIdentity> {
    const { producerId, producerEpoch } = await this.#registration.identity();
    const epochs = [...this.#topics.values()].map(({ epoch }) => epoch);
    return { producerId, producerEpoch: Math.max(producerEpoch, ...epochs) };
  }

  /**
   * What the partitions of a topic have of this producer, from which a client that returns tells which of its records
   * are stored. Partitions that have none are absent. With `producerId` the first `send` does this by itself and goes on
   * behind `lastSequence`, or at 0 where `producerEpoch` is new.
   *
   * @example
   * ```ts
   * import { Millrace } from "../sdk/index.ts";
   *
   * const client = new Millrace({ url: "http://127.0.0.1:8787" });
   * const saved = { producerId: 7, producerEpoch: 0 };
   * const producer = client.producer({ ...saved, producerEpoch: saved.producerEpoch + 1 });
   * const [first] = await producer.resume("readings");
   * console.log(`${(first?.lastSequence ?? -1) + 1} records of the last run are stored`);
   * ```
   */
  resume(topic: string): Promise<readonly ProducerPosition[]> {
    return this.#registration.positions(topic);
  }

  /** A promise to wait for before the next record, if there is one. */
  #tally(topic: string, record: RecordToSend, tally: Tally): Promise<void> | undefined {
    tally.add();
    this.#take(topic, record, tally);
    const { buffer, transport } = this.#context;
    if (buffer.full) return buffer.ready();
    // A long synchronous source would keep the requests from going out.
    return tally.records % MAX_RECORDS_PER_REQUEST === 0 ? sleep(transport.clock, 0) : undefined;
  }

  #take(topic: string, record: RecordToSend, settlement: Settlement): void {
    const { buffer, transport, onFailure } = this.#context;
    try {
      if (this.#closed) throw refuse("producer_closed", "the producer is closed", false);
      if (buffer.overrun) throw refuse("buffer_full", "twice bufferBytes are under way: await producer.ready()", true);
      const encodable = encodableRecord(record, transport.clock.nowMs());
      this.#topic(topic).append({ record: encodable, partition: record.partition, settlement });
    } catch (error) {
      if (!(error instanceof StreamError)) throw error;
      onFailure(error);
      settlement.failed(error);
    }
  }

  #topic(topic: string): TopicSender {
    let sender = this.#topics.get(topic);
    if (sender === undefined) {
      sender = new TopicSender(this.#context, topic, (name) => this.#registration.starts(name));
      this.#topics.set(topic, sender);
    }
    return sender;
  }
}

function refuse(code: StreamErrorCode, message: string, retriable: boolean): StreamError {
  return new StreamError(message, { code, retriable, details: { stored: "no" } });
}
