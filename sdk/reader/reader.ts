import { DEFAULT_READ_BYTES, MAX_READ_RECORDS, MAX_WAIT_MS } from "../../schema/limits.ts";
import { delayMs } from "../backoff.ts";
import { sleep } from "../clock.ts";
import { StreamError } from "../stream-error.ts";
import type { Received, Transport } from "../transport.ts";
import { ConsumerRecord } from "./consumer-record.ts";
import { decodeAnswer, type ReadAnswer } from "./decode-answer.ts";

/** `timestampMs`: the first record that has this time or a later one, ms since epoch. */
export type ReadFrom = "earliest" | "latest" | { readonly offset: number } | { readonly timestampMs: number };

export interface ReaderOptions {
  /** Default "earliest". */
  readonly from?: ReadFrom | undefined;
  /** Size of one answer; a batch that is larger comes whole. Default 1 000 000. */
  readonly maxBytes?: number | undefined;
  /** How long one request waits for a record, ms, at most 30 000. Default 20 000. */
  readonly waitMs?: number | undefined;
  /** Ends where the log ended when reading began, instead of waiting for more. */
  readonly stopAtEnd?: boolean | undefined;
  /** Gives up when no request has succeeded for this long, ms. Default 120 000. */
  readonly resumeTimeoutMs?: number | undefined;
  /** Ends the loop, quietly. */
  readonly signal?: AbortSignal | undefined;
}

const DEFAULT_WAIT_MS = 20_000;

interface Source {
  readonly topic: string;
  readonly partition: number;
}

/**
 * The records of one partition in order of their offsets, each once. Made by `client.reader`.
 *
 * It waits for records, and after a failure goes on by itself at the next offset. `position` is behind the last record
 * handed out: a new loop over the same reader goes on there, one loop at a time. It throws `offset_out_of_range` where the
 * wanted offset does not exist, also when retention has overtaken it; `details` then has `logStartOffset` and
 * `logEndOffset`.
 *
 * @example
 * ```ts
 * import { Millrace } from "../sdk/index.ts";
 *
 * const client = new Millrace({ url: "http://127.0.0.1:8787" });
 * for await (const record of client.reader("orders", 0, { from: "earliest", stopAtEnd: true })) {
 *   console.log(record.offset, record.key, record.json());
 * }
 * ```
 */
export class Reader implements AsyncIterable<ConsumerRecord> {
  readonly #transport: Transport;
  readonly #source: Source;
  readonly #options: ReaderOptions;
  #position: number | undefined;

  constructor(transport: Transport, source: Source, options: ReaderOptions = {}) {
    this.#transport = transport;
    this.#source = source;
    this.#options = options;
    const { from } = options;
    if (typeof from === "object" && "offset" in from) this.#position = from.offset;
  }

  /** Offset of the next record; undefined until the partition has said what "earliest", "latest" or a time is. */
  get position(): number | undefined {
    return this.#position;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<ConsumerRecord, void, undefined> {
    const { topic, partition } = this.#source;
    const { signal, stopAtEnd } = this.#options;
    let end = Infinity;
    while (this.#before(end) && !aborted(signal)) {
      const answer = await this.#read();
      if (answer === undefined) return;
      if (stopAtEnd === true && end === Infinity) end = answer.logEndOffset;
      let position = (this.#position ??= answer.startOffset);
      for (const stored of answer.records) {
        if (stored.offset < position || !this.#before(end)) continue;
        position = stored.offset + 1;
        this.#position = position;
        yield new ConsumerRecord(topic, partition, stored);
        if (aborted(signal)) return;
      }
      // Offsets may be missing at the end of what was read: records that were removed since.
      this.#position = Math.max(position, answer.nextOffset);
    }
  }

  #before(end: number): boolean {
    return this.#position === undefined || this.#position < end;
  }

  /** One answer, however many tries it takes; undefined when the signal has ended them. */
  async #read(): Promise<ReadAnswer | undefined> {
    const { clock, retry } = this.#transport;
    const { signal, resumeTimeoutMs = 120_000 } = this.#options;
    const deadlineMs = clock.nowMs() + resumeTimeoutMs;
    for (let failures = 0; !aborted(signal); failures++) {
      try {
        return await decodeAnswer(await this.#request());
      } catch (error) {
        if (aborted(signal)) return undefined;
        if (!(error instanceof StreamError)) throw error;
        if (!error.retriable || clock.nowMs() >= deadlineMs) throw withOffsets(error, this.#source);
        await sleep(clock, delayMs(retry, clock, { failures, retryAfterMs: error.details.retryAfterMs }), signal);
      }
    }
    return undefined;
  }

  /** Before the position is a number nothing waits: "latest" asked for again would skip what came in between. */
  #request(): Promise<Received> {
    const { topic, partition } = this.#source;
    const { from = "earliest", maxBytes = DEFAULT_READ_BYTES, waitMs = DEFAULT_WAIT_MS, stopAtEnd } = this.#options;
    const wait = this.#position === undefined || stopAtEnd === true ? 0 : Math.min(waitMs, MAX_WAIT_MS);
    const timestamp = typeof from === "object" && "timestampMs" in from ? from.timestampMs : undefined;
    const start = timestamp === undefined ? { offset: from as string } : { timestamp };
    return this.#transport.once({
      method: "GET",
      path: ["topics", topic, "partitions", partition, "records"],
      query: {
        ...(this.#position === undefined ? start : { offset: this.#position }),
        maxRecords: MAX_READ_RECORDS,
        maxBytes,
        waitMs: wait,
      },
      headers: { accept: "application/vnd.kafka.recordbatch" },
      timeoutMs: wait + this.#transport.retry.timeoutMs,
      signal: this.#options.signal,
    });
  }
}

/** A function, as what it says changes between two looks. */
function aborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}

/** Adds to "offset 9 is beyond log end 7" which partition that is and what there is to read. */
function withOffsets(error: StreamError, { topic, partition }: Source): StreamError {
  const { logStartOffset: start, logEndOffset: end } = error.details;
  if (error.code !== "offset_out_of_range" || typeof start !== "number" || typeof end !== "number") return error;
  const there = start === end ? `no records, and ${end} is the next offset` : `offsets ${start} to ${end - 1}`;
  const { code, retriable, status, details } = error;
  return new StreamError(`${error.message} (${topic}/${partition} has ${there})`, { code, retriable, status, details });
}
