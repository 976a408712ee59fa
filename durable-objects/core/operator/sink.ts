import type { RecordSink } from "../sink/record-sink.ts";
import type { Operator, Runtime } from "./operator.ts";
import type { StreamRecord } from "./stream-record.ts";

/** Where records leave. */
export class Sink implements Operator {
  readonly name: string;
  readonly #sink: RecordSink;
  readonly #runtime: Runtime;

  constructor(name: string, sink: RecordSink, runtime: Runtime) {
    this.name = name;
    this.#sink = sink;
    this.#runtime = runtime;
  }

  process(record: StreamRecord): void {
    this.#sink.write(record);
    this.#runtime.tally.recordsOut++;
  }
}
