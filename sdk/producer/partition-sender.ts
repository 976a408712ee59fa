import type { EncodableRecord } from "../../schema/record-batch/encode.ts";
import { delayMs } from "../backoff.ts";
import { StreamError } from "../stream-error.ts";
import type { Transport } from "../transport.ts";
import { fatal, givenUp, outcomeOf, producerFailed, refusal, type Place } from "./failure.ts";
import { bufferedBytes, PendingBatch } from "./pending-batch.ts";
import type { ProducerSettings } from "./producer-settings.ts";
import type { SendBuffer } from "./send-buffer.ts";
import { MAX_PRODUCER_EPOCH, sequenceAfter, SequenceWindow, type Slot } from "./sequence-window.ts";
import type { Settlement } from "./settlement.ts";

/** What the partitions of a producer share. */
export interface SenderContext {
  readonly transport: Transport;
  readonly settings: ProducerSettings;
  readonly buffer: SendBuffer;
  /** Told of every batch that fails. */
  readonly onFailure: (error: StreamError) => void;
}

export interface SenderStart {
  readonly producerId: number;
  readonly epoch: number;
  readonly nextSequence: number;
}

const FIRST_BATCH_BYTES = 4_096;
const noop = () => {};

/**
 * Gathers records of one partition into batches and sends them in order. A batch is closed when it is full, or when its
 * first record has waited `lingerMs` and a flight is free: while none is, it goes on growing (SDK-12).
 */
export class PartitionSender {
  readonly #context: SenderContext;
  readonly #place: Place;
  readonly #producerId: number;
  readonly #window: SequenceWindow<PendingBatch>;
  readonly #closed: PendingBatch[] = [];
  #filling: PendingBatch | undefined;
  #due = false;
  #expectedBytes = FIRST_BATCH_BYTES;
  #pausedUntilMs = 0;
  #failures = 0;
  #lastFailure: StreamError | undefined;
  #dead: StreamError | undefined;
  #cancelLinger = noop;
  #cancelWake = noop;

  constructor(context: SenderContext, place: Place, start: SenderStart) {
    this.#context = context;
    this.#place = place;
    this.#producerId = start.producerId;
    this.#window = new SequenceWindow(start);
  }

  get epoch(): number {
    return this.#window.epoch;
  }

  /** Whether a batch is open: records without a key stay with it. */
  get filling(): boolean {
    return this.#filling !== undefined;
  }

  get dead(): boolean {
    return this.#dead !== undefined;
  }

  /** The record counts in the buffer already; it is given back when the record ends. */
  append(record: EncodableRecord, settlement: Settlement): void {
    if (this.#dead !== undefined) {
      this.#context.buffer.release(bufferedBytes(record));
      this.#context.onFailure(this.#dead);
      return settlement.failed(this.#dead);
    }
    if (this.#filling !== undefined && !this.#filling.fits(record)) this.#close();
    this.#filling ??= this.#open();
    this.#filling.add(record, settlement);
    if (this.#filling.full) this.#close();
  }

  /** Sends what is there and resolves when all of it has ended. */
  async flush(): Promise<void> {
    this.#due = this.#filling !== undefined;
    this.#pump();
    await Promise.all(this.#unended().map((batch) => batch.ended()));
  }

  #unended(): readonly PendingBatch[] {
    return [...this.#window.open, ...this.#closed, ...(this.#filling === undefined ? [] : [this.#filling])];
  }

  #open(): PendingBatch {
    const { settings, transport } = this.#context;
    this.#due = false;
    this.#cancelLinger = transport.clock.timer(settings.lingerMs, () => {
      this.#due = true;
      this.#pump();
    });
    const deadlineMs = transport.clock.nowMs() + settings.deliveryTimeoutMs;
    return new PendingBatch(settings, { deadlineMs, expectedBytes: this.#expectedBytes });
  }

  #close(): void {
    const batch = this.#filling;
    if (batch === undefined) return;
    this.#cancelLinger();
    this.#filling = undefined;
    this.#due = false;
    this.#expectedBytes = batch.bytes + (batch.bytes >> 3);
    const baseSequence = this.#closed.reduce(
      (sequence, { recordCount }) => sequenceAfter(sequence, recordCount),
      this.#window.nextSequence,
    );
    const packing = batch.pack({ ...this.#fields(this.#window.epoch), baseSequence });
    this.#closed.push(batch);
    if (packing === undefined) return this.#pump();
    packing.then(
      () => this.#pump(),
      (error: unknown) => this.#die("a batch could not be compressed", error),
    );
  }

  #pump(): void {
    if (this.#dead !== undefined) return;
    const { clock } = this.#context.transport;
    const nowMs = clock.nowMs();
    this.#expire(nowMs);
    this.#cancelWake();
    if (nowMs < this.#pausedUntilMs) {
      const oldest = this.#window.oldest?.batch ?? this.#closed[0];
      const untilMs = Math.min(this.#pausedUntilMs, oldest?.deadlineMs ?? Infinity);
      this.#cancelWake = clock.timer(untilMs - nowMs, () => this.#pump());
      return;
    }
    if (this.#due && this.#closed.length === 0 && this.#window.room(nowMs)) return this.#close();
    while (this.#closed[0]?.packed === true && this.#window.room(nowMs)) {
      this.#window.add(this.#closed.shift() as PendingBatch);
    }
    for (let slot = this.#window.take(nowMs); slot !== undefined; slot = this.#window.take(nowMs)) void this.#fly(slot);
  }

  async #fly(slot: Slot<PendingBatch>): Promise<void> {
    try {
      const baseOffset = await this.#send(slot);
      this.#landed(slot, baseOffset);
    } catch (error) {
      this.#failed(slot, error);
    }
    this.#pump();
  }

  async #send({ batch, epoch, baseSequence }: Slot<PendingBatch>): Promise<number> {
    if (epoch > MAX_PRODUCER_EPOCH) throw new Error(`the epochs of producer ${this.#producerId} are used up`);
    const { transport } = this.#context;
    const { topic, partition } = this.#place;
    const answer = await transport.jsonOnce<{ readonly baseOffset?: number } | undefined>({
      method: "POST",
      path: ["topics", topic, "records"],
      query: { partition, offsets: "range" },
      headers: { "content-type": "application/vnd.kafka.recordbatch" },
      body: batch.seal({ ...this.#fields(epoch), baseSequence }),
      timeoutMs: Math.min(transport.retry.timeoutMs, batch.deadlineMs - transport.clock.nowMs()),
    });
    if (typeof answer?.baseOffset !== "number") {
      throw new StreamError("the answer has no baseOffset", { code: "unexpected_answer", retriable: true });
    }
    return answer.baseOffset;
  }

  #landed(slot: Slot<PendingBatch>, baseOffset: number): void {
    if (this.#dead !== undefined || !this.#window.flying(slot)) return;
    this.#window.land(slot, "stored", this.#context.transport.clock.nowMs());
    this.#failures = 0;
    this.#context.buffer.release(slot.batch.bufferedBytes);
    slot.batch.stored(this.#place.partition, baseOffset);
  }

  #failed(slot: Slot<PendingBatch>, error: unknown): void {
    if (this.#dead !== undefined || !this.#window.flying(slot)) return;
    if (!(error instanceof StreamError)) return this.#die("sending broke", error);
    if (fatal(error)) return this.#die(error.message, error);
    const nowMs = this.#context.transport.clock.nowMs();
    const outcome = outcomeOf(error);
    const stored = slot.uncertain ? "unknown" : "no";
    const lost = this.#window.land(slot, outcome, nowMs);
    if (lost === "contradiction") return this.#die("it no longer has records that it acknowledged", error);
    if (outcome === "unknown") this.#pause(error, nowMs);
    for (const batch of lost) {
      this.#fail(batch, batch === slot.batch ? refusal(this.#place, error, stored) : this.#givenUp("unknown", error));
    }
  }

  /** Nothing of this partition is sent for a while. Flights that fail together count once. */
  #pause(error: StreamError, nowMs: number): void {
    const { clock, retry } = this.#context.transport;
    if (nowMs >= this.#pausedUntilMs) this.#failures += 1;
    const { retryAfterMs } = error.details;
    const untilMs = nowMs + delayMs(retry, clock, { failures: this.#failures - 1, retryAfterMs });
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, untilMs);
    this.#lastFailure = error;
  }

  #expire(nowMs: number): void {
    for (let oldest = this.#window.oldest; oldest !== undefined; oldest = this.#window.oldest) {
      const lost = oldest.batch.deadlineMs <= nowMs ? this.#window.giveUp() : [];
      if (lost.length === 0) return;
      for (const batch of lost) this.#fail(batch, this.#givenUp(oldest.sent ? "unknown" : "no", this.#lastFailure));
    }
    while (this.#closed[0]?.packed === true && this.#closed[0].deadlineMs <= nowMs) {
      this.#fail(this.#closed.shift() as PendingBatch, this.#givenUp("no", this.#lastFailure));
    }
  }

  #givenUp(stored: "no" | "unknown", cause: unknown): StreamError {
    return givenUp(this.#place, this.#context.settings.deliveryTimeoutMs, { stored, cause });
  }

  #die(reason: string, cause: unknown): void {
    this.#cancelLinger();
    this.#cancelWake();
    this.#dead = producerFailed(this.#place, reason, cause);
    const batches = this.#unended();
    this.#filling = undefined;
    this.#closed.length = 0;
    for (const batch of batches) this.#fail(batch, this.#dead);
  }

  #fail(batch: PendingBatch, error: StreamError): void {
    this.#context.buffer.release(batch.bufferedBytes);
    this.#context.onFailure(error);
    batch.failed(error);
  }

  #fields(producerEpoch: number): { readonly producerId: number; readonly producerEpoch: number } {
    return { producerId: this.#producerId, producerEpoch };
  }
}
