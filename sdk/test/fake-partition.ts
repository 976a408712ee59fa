import { errors, refuse, type Answer, type Refusal } from "../../schema/error.ts";
import { forEachRecord, readHeader, type Decompress } from "../../schema/record-batch/decode.ts";
import { fingerprintOf, stampBaseOffset } from "../../schema/record-batch/stamp.ts";
import type { Bytes, ConsumerRecord } from "../../schema/record.ts";

interface Attempt {
  readonly epoch: number;
  readonly first: number;
  readonly last: number;
  readonly fingerprint: number;
}

type Placed = { readonly baseOffset: number; readonly lastOffset: number };

/** What a partition accepts from a producer: the core's own rules, handed in because `sdk` may not import them. */
export interface ProducerRules<State> {
  judgeBatch(
    state: State | undefined,
    attempt: Attempt,
  ): Answer<{ readonly duplicate: false } | ({ readonly duplicate: true } & Placed)>;
  remember(state: State | undefined, attempt: Attempt, at: Placed): State;
  lastSequenceOf(state: State): number;
  sequenceAfter(sequence: number, count: number): number;
}

/** A value with which the fake refuses the batch for good, as a server does for what only it can judge. */
export const POISON = "poison";

/** One log in memory. */
export class FakePartition<State extends { readonly epoch: number }> {
  readonly #rules: ProducerRules<State>;
  readonly #decompress: Decompress;
  readonly #producers = new Map<number, State>();
  #batches: Bytes[] = [];
  #startOffset = 0;
  #endOffset = 0;

  constructor(rules: ProducerRules<State>, decompress: Decompress) {
    this.#rules = rules;
    this.#decompress = decompress;
  }

  get logStartOffset(): number {
    return this.#startOffset;
  }

  get logEndOffset(): number {
    return this.#endOffset;
  }

  get records(): readonly ConsumerRecord[] {
    return this.#batches.flatMap((batch) => this.#decode(batch));
  }

  get batches(): readonly Bytes[] {
    return this.#batches;
  }

  position(producerId: number): { readonly epoch: number; readonly lastSequence: number } | undefined {
    const state = this.#producers.get(producerId);
    return state && { epoch: state.epoch, lastSequence: this.#rules.lastSequenceOf(state) };
  }

  append(sent: Bytes): Answer<Placed & { readonly duplicate: boolean }> {
    const batch = sent.slice();
    const { producerId, producerEpoch: epoch, baseSequence: first, recordCount } = readHeader(batch);
    const texts = this.#decode(batch).map(({ value }) => value && new TextDecoder().decode(value));
    if (texts.includes(JSON.stringify(POISON))) return refuse("invalid_timestamp", "records[0].timestamp is poison");
    const last = this.#rules.sequenceAfter(first, recordCount - 1);
    const attempt = { epoch, first, last, fingerprint: fingerprintOf(batch) };
    const state = this.#producers.get(producerId);
    const verdict = this.#rules.judgeBatch(state, attempt);
    if (!verdict.ok || verdict.duplicate) return verdict;
    const placed = { baseOffset: this.#endOffset, lastOffset: this.#endOffset + recordCount - 1 };
    stampBaseOffset(batch, placed.baseOffset);
    this.#batches.push(batch);
    this.#endOffset += recordCount;
    this.#producers.set(producerId, this.#rules.remember(state, attempt, placed));
    return { ok: true, duplicate: false, ...placed };
  }

  /** Whole batches from the one that holds `offset`. */
  read(offset: number, maxBytes: number): Answer<{ readonly batches: readonly Bytes[]; readonly nextOffset: number }> {
    const extra = { logStartOffset: this.#startOffset, logEndOffset: this.#endOffset };
    if (offset > this.#endOffset) {
      return refuse("offset_out_of_range", `offset ${offset} is beyond log end ${this.#endOffset}`, { extra });
    }
    if (offset < this.#startOffset) {
      return refuse("offset_out_of_range", `offset ${offset} is before log start ${this.#startOffset}`, { extra });
    }
    let bytes = 0;
    const batches: Bytes[] = [];
    for (const batch of this.#batches) {
      if (readHeader(batch).lastOffset < offset) continue;
      if (batches.length > 0 && bytes + batch.length > maxBytes) break;
      batches.push(batch);
      bytes += batch.length;
    }
    const last = batches.at(-1);
    return { ok: true, batches, nextOffset: last === undefined ? offset : readHeader(last).lastOffset + 1 };
  }

  offsetAt(timestampMs: number): number {
    return this.records.find((record) => record.timestampMs >= timestampMs)?.offset ?? this.#endOffset;
  }

  /** Removes what lies before `offset`, whole batches only; the log start is `offset` all the same. */
  trim(offset: number): void {
    this.#startOffset = offset;
    this.#batches = this.#batches.filter((batch) => readHeader(batch).lastOffset >= offset);
  }

  #decode(batch: Bytes): readonly ConsumerRecord[] {
    const records: ConsumerRecord[] = [];
    forEachRecord(batch, this.#decompress, (record) => void records.push(record));
    return records;
  }
}

export function statusOf(refusal: Refusal): number {
  return errors[refusal.code].status;
}
