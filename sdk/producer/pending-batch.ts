import { MAX_RECORDS_PER_REQUEST } from "../../schema/limits.ts";
import { recordsSection, withRecordsSection } from "../../schema/record-batch/compress.ts";
import { BatchBuilder, encodedSize, type EncodableRecord } from "../../schema/record-batch/encode.ts";
import type { Bytes } from "../../schema/record.ts";
import { gzip } from "../gzip.ts";
import type { StreamError } from "../stream-error.ts";
import type { ProducerSettings } from "./producer-settings.ts";
import type { Settlement } from "./settlement.ts";
import { withProducer, type SequenceFields } from "./with-producer.ts";

/** What a record costs the buffer besides its bytes: its promise and its place. */
const RECORD_OVERHEAD_BYTES = 100;

/** What a record counts for in `bufferBytes`. */
export function bufferedBytes({ key, value }: EncodableRecord): number {
  return RECORD_OVERHEAD_BYTES + (key?.length ?? 0) + (value?.length ?? 0);
}

/** A batch from its first record to its end: filled, packed, then sealed for each sequence it is given. */
export class PendingBatch {
  readonly deadlineMs: number;
  readonly #settings: ProducerSettings;
  readonly #settlements: Settlement[] = [];
  #builder: BatchBuilder | undefined;
  #bufferedBytes = 0;
  #sealed: { readonly bytes: Bytes; readonly fields: SequenceFields } | undefined;
  #ended = false;
  #whenEnded: (() => void)[] = [];

  constructor(settings: ProducerSettings, start: { readonly deadlineMs: number; readonly expectedBytes: number }) {
    this.#settings = settings;
    this.deadlineMs = start.deadlineMs;
    this.#builder = new BatchBuilder(start.expectedBytes);
  }

  get recordCount(): number {
    return this.#settlements.length;
  }

  /** Size so far, uncompressed. Only before `pack`. */
  get bytes(): number {
    return this.#filling.bytes;
  }

  get bufferedBytes(): number {
    return this.#bufferedBytes;
  }

  /** A first record always fits: one that is larger makes a batch of its own. */
  fits(record: EncodableRecord): boolean {
    return this.recordCount === 0 || this.#filling.bytes + encodedSize(record) <= this.#settings.batchBytes;
  }

  get full(): boolean {
    return this.recordCount >= MAX_RECORDS_PER_REQUEST || this.#filling.bytes >= this.#settings.batchBytes;
  }

  /** Takes copies of what the record holds. */
  add(record: EncodableRecord, settlement: Settlement): void {
    this.#filling.add(record);
    this.#settlements.push(settlement);
    this.#bufferedBytes += bufferedBytes(record);
  }

  /**
   * After the last record. `fields` are what it will most likely be sealed with: where that comes true, its CRC is
   * computed once. A promise where the codec takes time; the batch is `packed` when it resolves.
   */
  pack(fields: SequenceFields): Promise<void> | undefined {
    const plain = this.#filling.take(fields);
    this.#builder = undefined;
    if (this.#settings.compression === "gzip") return this.#compress(plain, fields);
    this.#sealed = { bytes: plain, fields };
    return undefined;
  }

  get packed(): boolean {
    return this.#sealed !== undefined;
  }

  /** The bytes of a packed batch with these fields; the same bytes for the same fields. */
  seal(fields: SequenceFields): Bytes {
    if (this.#sealed === undefined) throw new Error("a batch is sealed after it is packed");
    const { producerEpoch, baseSequence } = this.#sealed.fields;
    if (producerEpoch !== fields.producerEpoch || baseSequence !== fields.baseSequence) {
      this.#sealed = { bytes: withProducer(this.#sealed.bytes, fields), fields };
    }
    return this.#sealed.bytes;
  }

  stored(partition: number, baseOffset: number): void {
    for (let index = 0; index < this.#settlements.length; index++) {
      this.#settlements[index]?.stored(partition, baseOffset < 0 ? -1 : baseOffset + index);
    }
    this.#end();
  }

  failed(error: StreamError): void {
    for (const settlement of this.#settlements) settlement.failed(error);
    this.#end();
  }

  /** Resolves when the batch is stored or has failed. */
  ended(): Promise<void> {
    if (this.#ended) return Promise.resolve();
    return new Promise((resolve) => this.#whenEnded.push(resolve));
  }

  get #filling(): BatchBuilder {
    if (this.#builder === undefined) throw new Error("a packed batch takes no more records");
    return this.#builder;
  }

  async #compress(plain: Bytes, fields: SequenceFields): Promise<void> {
    const section = await gzip(recordsSection(plain));
    const smaller = section.length < recordsSection(plain).length;
    this.#sealed = { bytes: smaller ? withRecordsSection(plain, "gzip", section) : plain, fields };
  }

  #end(): void {
    this.#ended = true;
    for (const wake of this.#whenEnded) wake();
  }
}
