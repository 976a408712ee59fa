import type { StreamRecord } from "../operator/stream-record.ts";

/** Encodes records and puts them into the Outbox. An error is one of the record's, and then nothing was put. */
export interface RecordSink {
  write(record: StreamRecord): void;
}
