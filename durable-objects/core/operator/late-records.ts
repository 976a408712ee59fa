import type { Header } from "../../../schema/record.ts";
import type { Output, Runtime } from "./operator.ts";
import { Origin, StreamRecord } from "./stream-record.ts";

const encoder = new TextEncoder();

/** The last window that a record came too late for, and the stream time that closed it. */
export interface Missed {
  readonly start: number;
  readonly end: number;
  readonly streamTimeMs: number;
}

/** Where the records go that no window takes: as they came, with headers that say what they missed. */
export class LateRecords {
  readonly #runtime: Runtime;
  /** Absent: nobody reads them. */
  readonly #output: Output | undefined;

  constructor(runtime: Runtime, output: Output | undefined) {
    this.#runtime = runtime;
    this.#output = output;
  }

  /** Counts a record that is too late, and sends it on when it is so for all its windows: `missed`. */
  add(record: StreamRecord, missed: Missed | undefined): void {
    this.#runtime.tally.lateRecords++;
    if (missed === undefined || this.#output === undefined) return;
    const { topic, partition, record: read } = record.origin;
    const headers = [
      ...read.headers,
      header("millrace.window-start", missed.start),
      header("millrace.window-end", missed.end),
      header("millrace.stream-time", missed.streamTimeMs),
    ];
    const origin = new Origin(topic, partition, { ...read, headers });
    this.#output.forward(new StreamRecord(record.key, record.payload, { timestampMs: record.timestampMs, origin }));
  }
}

function header(key: string, timeMs: number): Header {
  return { key, value: new Uint8Array(encoder.encode(`${timeMs}`)) };
}
