import type { SuppressNode } from "../../../schema/plan.ts";
import { boundedState } from "../store/state-value.ts";
import { bufferKey, type BufferedRow, readBufferKey } from "./buffered-row.ts";
import type { OperatorClock } from "./clock.ts";
import type { Operator, Output, Runtime, Unsent } from "./operator.ts";
import { payloadOf, TOMBSTONE } from "./payload.ts";
import { Origin, StreamRecord } from "./stream-record.ts";
import { SuppressBuffer, type SuppressStores } from "./suppress-buffer.ts";
import { rowKey } from "./table-row.ts";

export interface SuppressParts {
  readonly node: SuppressNode;
  readonly stores: SuppressStores;
  readonly clock: OperatorClock;
}

/**
 * Holds changes of a table back and sends the last of each key: when its time is up, by (time, key), or when there are too
 * many. In a micro-batch at its end, when all changes of the batch are in.
 */
export class Suppress implements Operator {
  readonly name: string;
  readonly #node: SuppressNode;
  readonly #buffer: SuppressBuffer;
  readonly #clock: OperatorClock;
  readonly #runtime: Runtime;
  readonly #output: Output;

  constructor({ node, stores, clock }: SuppressParts, runtime: Runtime, output: Output) {
    this.name = node.name;
    this.#node = node;
    this.#buffer = new SuppressBuffer(stores, runtime);
    this.#clock = clock;
    this.#runtime = runtime;
    this.#output = output;
  }

  process(record: StreamRecord): void {
    const key = rowKey(record);
    const { timestampMs, payload, before = TOMBSTONE } = record;
    const { offset, headers } = record.origin.record;
    this.#clock.advance(timestampMs);
    const windowed = this.#node.until === "windowCloses" && typeof key === "object";
    this.#buffer.put(bufferKey(key), windowed ? key.end : timestampMs, {
      text: payload.value() === null ? undefined : boundedState(payload.json("state"), "state"),
      before: before.value() === null ? undefined : before.json("state"),
      timestampMs,
      offset,
      headers,
    });
    this.timeMoved();
  }

  timeMoved(): void {
    if (!this.#runtime.microBatch) this.#send();
  }

  endBatch(): void {
    this.#send();
  }

  /** A window's last change is not older than its start, and the window that ends first started first. */
  unsent(): Unsent | undefined {
    const first = this.#buffer.first();
    if (first === undefined) return undefined;
    const key = readBufferKey(first.key);
    const fromMs = this.#node.until === "windowCloses" && typeof key === "object" ? key.start : first.atMs;
    return { fromMs, dueMs: first.atMs + this.#node.waitMs };
  }

  #send(): void {
    this.#takeWhile(this.#clock.streamTimeMs - this.#node.waitMs, () => true);
    const { maxRecords = Infinity, maxBytes = Infinity, whenFull } = this.#node.buffer;
    if (maxRecords === Infinity && maxBytes === Infinity) return;
    const full = (): boolean => {
      const { records, bytes } = this.#buffer.size;
      return records > maxRecords || bytes > maxBytes;
    };
    if (whenFull === "emitEarly") this.#takeWhile(Number.MAX_SAFE_INTEGER, full);
    else if (full()) this.#runtime.stop(this.#fullText());
  }

  #takeWhile(upToMs: number, wanted: () => boolean): void {
    while (wanted()) {
      const taken = this.#buffer.take(upToMs);
      if (taken === undefined) return;
      // Final results are what windows closed with: a window that was taken back has none.
      if (taken.row.text === undefined && this.#node.until === "windowCloses") continue;
      this.#runtime.attempt(this.#changeOf(taken.key, taken.row), this.#output);
    }
  }

  /** As the change came, in the place of the record at work. */
  #changeOf(key: string, { text, before, timestampMs, offset, headers }: BufferedRow): StreamRecord {
    const { topic, partition } = this.#runtime.origin;
    const origin = new Origin(topic, partition, { offset, headers, timestampMs, key: null, value: null });
    const replaces = this.#output.readsBefore ? payloadOf(before) : undefined;
    return new StreamRecord(readBufferKey(key), payloadOf(text), { timestampMs, origin, replaces });
  }

  #fullText(): string {
    const { records, bytes } = this.#buffer.size;
    const { maxRecords, maxBytes } = this.#node.buffer;
    const [most, mostBytes] = [maxRecords, maxBytes].map((bound) => bound ?? "any");
    return (
      `the buffer of ${this.name} is full: ${records} of ${most} records, ${bytes} of ${mostBytes} bytes. ` +
      "Allow it more, or let it emit early, and resume."
    );
  }
}
