import type { Bytes, ConsumerRecord, Header } from "../record.ts";
import type { BatchHeader } from "./decode.ts";
import type { RecordCursor } from "./record-cursor.ts";

/** A batch whose records are read. */
export interface StoredBatch {
  readonly header: BatchHeader;
  /** The batch as it is stored. */
  readonly bytes: Bytes;
  /** Its records lie in it as an encoder of ours would write them, each with its own time. */
  readonly plain: boolean;
}

interface Fields {
  readonly timestampMs: number;
  readonly headers: readonly Header[];
  /** Key and value are views of these. */
  readonly bytes: Bytes;
  readonly from: number;
}

/** A record that knows where it lies in its batch, so that it can go into another one as it is. */
export class StoredRecord implements ConsumerRecord {
  readonly offset: number;
  readonly timestampMs: number;
  readonly key: Bytes | null;
  readonly value: Bytes | null;
  readonly headers: readonly Header[];
  // Private: whoever copies or compares a record sees its fields alone.
  readonly #batch: StoredBatch;
  readonly #from: number;
  readonly #to: number;

  constructor(batch: StoredBatch, cursor: RecordCursor, { timestampMs, headers, bytes, from }: Fields) {
    const { keyAt, keyLength, valueAt, valueLength } = cursor;
    this.offset = batch.header.baseOffset + cursor.offsetDelta;
    this.timestampMs = timestampMs;
    this.key = keyLength < 0 ? null : bytes.subarray(keyAt, keyAt + keyLength);
    this.value = valueLength < 0 ? null : bytes.subarray(valueAt, valueAt + valueLength);
    this.headers = headers;
    this.#batch = batch;
    this.#from = from;
    this.#to = cursor.end;
  }

  get batch(): StoredBatch {
    return this.#batch;
  }

  /** Where it begins, with its length; of a batch that is not `plain` in its unfolded records. */
  get from(): number {
    return this.#from;
  }

  get to(): number {
    return this.#to;
  }
}
