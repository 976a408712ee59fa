import { VarintReader } from "./varint.ts";

/**
 * Steps through the records of a records section (uncompressed, without the batch header) and says where their parts lie.
 * `next` checks that every length stays inside its record and that the record ends where it said; it does not look at
 * values, so offset deltas may be anything.
 */
export class RecordCursor {
  readonly bytes: Uint8Array;
  readonly #reader: VarintReader;
  timestampDelta = 0;
  offsetDelta = 0;
  /** Where the offset delta begins; from here to `end` nothing depends on the time or on other records' times. */
  offsetDeltaAt = 0;
  keyAt = 0;
  /** -1 for null, as Kafka writes it. */
  keyLength = 0;
  valueAt = 0;
  valueLength = 0;
  headerCount = 0;
  headersAt = 0;
  end = 0;
  /** What was wrong with the record at which `next` answered false. */
  problem = "";

  constructor(bytes: Uint8Array, at: number) {
    this.bytes = bytes;
    this.#reader = new VarintReader(bytes, at);
    this.end = at;
  }

  /** Moves to the record that begins where the last one ended. */
  next(): boolean {
    const reader = this.#reader;
    reader.at = this.end;
    const length = reader.varint();
    if (length <= 0 || length > reader.end - reader.at) return this.#refuse("its length is not inside the batch");
    const end = reader.at + length;
    this.end = end;
    reader.at++; // attributes, unused by Kafka
    this.timestampDelta = reader.varlong();
    this.offsetDeltaAt = reader.at;
    this.offsetDelta = reader.varint();
    this.keyLength = reader.varint();
    this.keyAt = reader.at;
    reader.skip(this.keyLength);
    this.valueLength = reader.varint();
    this.valueAt = reader.at;
    reader.skip(this.valueLength);
    this.headerCount = reader.varint();
    this.headersAt = reader.at;
    if (this.keyLength < -1 || this.valueLength < -1 || this.headerCount < 0 || reader.at > end) {
      return this.#refuse("its key, value or headers are not inside it");
    }
    if (this.headerCount === 0 && reader.at !== end) return this.#refuse("bytes follow its last field");
    return true;
  }

  #refuse(problem: string): false {
    this.problem = problem;
    return false;
  }
}

/** Where a header's name and value lie; a `valueLength` of -1 is null. */
export class HeaderCursor {
  readonly bytes: Uint8Array;
  readonly #reader: VarintReader;
  readonly #end: number;
  #left: number;
  nameAt = 0;
  nameLength = 0;
  valueAt = 0;
  valueLength = 0;
  problem = "";

  /** Of the record that `record` stands at. */
  constructor(record: RecordCursor) {
    this.bytes = record.bytes;
    this.#reader = new VarintReader(record.bytes, record.headersAt);
    this.#end = record.end;
    this.#left = record.headerCount;
  }

  /** False after the last header, and at one that is malformed: then `problem` is set. */
  next(): boolean {
    if (this.#left === 0) return false;
    this.#left--;
    const reader = this.#reader;
    this.nameLength = reader.varint();
    this.nameAt = reader.at;
    reader.skip(this.nameLength);
    this.valueLength = reader.varint();
    this.valueAt = reader.at;
    reader.skip(this.valueLength);
    if (this.nameLength < 0 || this.valueLength < -1 || reader.at > this.#end) {
      this.problem = "a header is not inside its record";
    } else if (this.#left === 0 && reader.at !== this.#end) {
      this.problem = "bytes follow its last header";
    }
    return this.problem === "";
  }
}
