import { readBase64Object } from "./base64-object.ts";
import { type ErrorCode, type Refusal, refuse } from "./error.ts";
import type { JsonReader } from "./json-reader.ts";
import { unescapeJson } from "./json-string.ts";
import * as limits from "./limits.ts";
import type { Bytes, Header } from "./record.ts";
import { readUtf8 } from "./utf8.ts";

/** A record as a client wrote it. Keys and values are views of the body wherever they needed no unescaping. */
export interface ProduceInput {
  readonly key: Bytes | null;
  /** The exact source text of a JSON value, or the bytes that base64 gave; null is a tombstone. */
  readonly value: Bytes | null;
  readonly headers: readonly Header[];
  readonly timestampMs: number | undefined;
  readonly partition: number | undefined;
}

/** Undefined is success: what was read lies in the reader. */
export type Outcome = Refusal | undefined;

const QUOTE = 0x22;
const LOWER_N = 0x6e;
const OPEN_OBJECT = 0x7b;

const NO_HEADERS: readonly Header[] = Object.freeze([]);
const FIELDS = ["key", "value", "headers", "timestamp", "partition"] as const;
/** With the closing quote, so that the beginning of a longer name does not match. */
const FIELD_BYTES = FIELDS.map((field) => new TextEncoder().encode(`${field}"`));

const JSON_HINT = `Send JSON (RFC 8259) in UTF-8, nested at most ${limits.MAX_JSON_DEPTH} deep`;
const BASE64_HINT = "Send a string of base64 (RFC 4648 section 4) with its padding";
const KEY_HINT = 'Send a string, null, or {"base64": "…"}';
const HEADERS_HINT = "Send an object of strings";
const SURROGATE_HINT = "Write a character above U+FFFF as two \\u escapes";
const TIMESTAMP_HINT = `Send an integer of ms since 1970, ${limits.MIN_TIMESTAMP_MS} … ${limits.MAX_TIMESTAMP_MS}`;

/** Reads record objects one after another (JSN-5 … JSN-9). After a refusal nothing else of it holds. */
export class ProduceRecordReader {
  readonly records: ProduceInput[] = [];
  /** Of NDJSON, from 1, for the refusals; 0 where lines mean nothing. */
  line = 0;

  readonly #json: JsonReader;
  /** Bits of FIELDS. */
  #seen = 0;
  #key: Bytes | null = null;
  #value: Bytes | null = null;
  #headers: Header[] | undefined;
  #headerBytes = 0;
  #timestampMs: number | undefined;
  #partition: number | undefined;

  constructor(json: JsonReader) {
    this.#json = json;
  }

  /** Reads the record object that begins where the JSON reader stands and adds it to `records`. */
  readonly read = (): Outcome => {
    if (this.records.length === limits.MAX_RECORDS_PER_REQUEST) return tooManyRecords();
    if (this.#json.bytes[this.#json.at] !== OPEN_OBJECT) {
      return this.#refuse("", "not a JSON object", 'Send {"key": …, "value": …}');
    }
    this.#seen = 0;
    this.#key = this.#value = null;
    this.#headers = undefined;
    this.#headerBytes = 0;
    this.#timestampMs = this.#partition = undefined;
    const outcome = this.#json.object(this.#readField);
    if (outcome === undefined) return this.#addRecord();
    return outcome === "malformed" ? this.malformed() : outcome;
  };

  /** Refuses the record being read, or its `field`. */
  malformed(field = ""): Refusal {
    return this.#refuse(field, `not valid JSON at or after byte ${this.#json.at}`, JSON_HINT);
  }

  #refuse(field: string, message: string, hint: string): Refusal {
    return this.#refuseWith("invalid_request", { field, message, hint });
  }

  #tooLarge(field: string, message: string): Refusal {
    const hint = "Send less, or a reference to where it is kept";
    return this.#refuseWith("record_too_large", { field, message, hint });
  }

  #refuseWith(code: ErrorCode, about: { field: string; message: string; hint: string }): Refusal {
    const field = `records[${this.records.length}]${about.field}`;
    const line = this.line === 0 ? "" : ` (line ${this.line})`;
    return refuse(code, `${field}${line}: ${about.message}`, { field, hint: about.hint });
  }

  #addRecord(): Outcome {
    const size = (this.#key?.length ?? 0) + (this.#value?.length ?? 0) + this.#headerBytes;
    if (size > limits.MAX_RECORD_BYTES) {
      return this.#tooLarge("", `${size} bytes, the limit is ${limits.MAX_RECORD_BYTES}`);
    }
    if (this.#key === null && this.#value === null) {
      return this.#refuse("", "key and value are both missing or null", "A tombstone needs the key it removes");
    }
    this.records.push({
      key: this.#key,
      value: this.#value,
      headers: this.#headers ?? NO_HEADERS,
      timestampMs: this.#timestampMs,
      partition: this.#partition,
    });
    return undefined;
  }

  readonly #readField = (nameFrom: number, nameTo: number): Outcome => {
    const index = this.#fieldIndex(nameFrom, nameTo);
    if (index < 0) return this.#refuse(this.#pathOf(nameFrom, nameTo), "unknown field", FIELDS_HINT);
    const bit = 1 << index;
    if ((this.#seen & bit) !== 0) return this.#refuse(`.${FIELDS[index]}`, "given twice", "Send each field once");
    this.#seen |= bit;
    switch (FIELDS[index]!) {
      case "key":
        return this.#readKey();
      case "value":
        return this.#readValue();
      case "headers":
        return this.#readHeaders();
      case "timestamp":
        return this.#readTimestamp();
      case "partition":
        return this.#readPartition();
    }
  };

  #fieldIndex(from: number, to: number): number {
    const { bytes } = this.#json;
    for (let index = 0; index < FIELD_BYTES.length; index++) {
      const field = FIELD_BYTES[index]!;
      let at = 0;
      while (at < field.length && bytes[from + at] === field[at]) at++;
      if (at === field.length) return index;
    }
    // Unknown, or written with escapes.
    const name = unescapeJson(bytes.subarray(from, to));
    const text = name === undefined ? "" : readUtf8(name);
    return FIELDS.findIndex((field) => field === text);
  }

  #readKey(): Outcome {
    const { bytes, at: from } = this.#json;
    if (!this.#json.skip()) return this.malformed(".key");
    const first = bytes[from];
    if (first === LOWER_N) return undefined;
    const key = first === QUOTE ? this.#text(from) : readBase64Object(bytes, from);
    if (key === undefined) {
      return first === QUOTE
        ? this.#refuse(".key", "half of a surrogate pair", SURROGATE_HINT)
        : this.#refuse(".key", "neither a string nor null nor base64", KEY_HINT);
    }
    if (key === "malformed") return this.#refuse(".key.base64", "not base64", BASE64_HINT);
    if (key.length > limits.MAX_KEY_BYTES) {
      return this.#tooLarge(".key", `${key.length} bytes, the limit is ${limits.MAX_KEY_BYTES}`);
    }
    this.#key = key;
    return undefined;
  }

  #readValue(): Outcome {
    const { bytes, at: from } = this.#json;
    if (!this.#json.skip()) return this.malformed(".value");
    if (bytes[from] === LOWER_N) return undefined;
    const decoded = readBase64Object(bytes, from);
    if (decoded === "malformed") return this.#refuse(".value.base64", "not base64", BASE64_HINT);
    this.#value = decoded ?? bytes.subarray(from, this.#json.at);
    return undefined;
  }

  /** Of the string from `from` to here. */
  #text(from: number): Bytes | undefined {
    return unescapeJson(this.#json.bytes.subarray(from + 1, this.#json.at - 1));
  }

  #readHeaders(): Outcome {
    if (this.#json.bytes[this.#json.at] !== OPEN_OBJECT) {
      return this.#refuse(".headers", "not an object", HEADERS_HINT);
    }
    this.#headers = [];
    const outcome = this.#json.object(this.#readHeader);
    return outcome === "malformed" ? this.malformed(".headers") : outcome;
  }

  readonly #readHeader = (nameFrom: number, nameTo: number): Outcome => {
    const headers = this.#headers!;
    const { bytes, at: from } = this.#json;
    const name = unescapeJson(bytes.subarray(nameFrom, nameTo));
    if (name === undefined) return this.#refuse(".headers", "half of a surrogate pair in a name", SURROGATE_HINT);
    const key = readUtf8(name);
    const path = () => `.headers${this.#pathOf(nameFrom, nameTo)}`;
    for (const header of headers) {
      if (header.key === key) return this.#refuse(path(), "given twice", "Send each header once");
    }
    if (headers.length === limits.MAX_HEADERS_PER_RECORD) {
      return this.#tooLarge(".headers", `more than ${limits.MAX_HEADERS_PER_RECORD}`);
    }
    if (!this.#json.skip()) return this.malformed(path());
    if (bytes[from] !== QUOTE) return this.#refuse(path(), "not a string", HEADERS_HINT);
    const value = this.#text(from);
    if (value === undefined) return this.#refuse(path(), "half of a surrogate pair", SURROGATE_HINT);
    const size = name.length + value.length;
    if (size > limits.MAX_HEADER_BYTES) {
      return this.#tooLarge(path(), `${size} bytes, the limit is ${limits.MAX_HEADER_BYTES}`);
    }
    this.#headerBytes += size;
    headers.push({ key, value });
    return undefined;
  };

  #readTimestamp(): Outcome {
    const from = this.#json.at;
    const timestampMs = this.#json.integer();
    if (timestampMs === undefined || timestampMs < limits.MIN_TIMESTAMP_MS || timestampMs > limits.MAX_TIMESTAMP_MS) {
      const message = `${this.#shown(from)} is not a time`;
      return this.#refuseWith("invalid_timestamp", { field: ".timestamp", message, hint: TIMESTAMP_HINT });
    }
    this.#timestampMs = timestampMs;
    return undefined;
  }

  #readPartition(): Outcome {
    const from = this.#json.at;
    const partition = this.#json.integer();
    if (partition === undefined || partition < 0) {
      const hint = "Send an integer from 0, or none to place the record by its key";
      return this.#refuse(".partition", `${this.#shown(from)} is not a partition`, hint);
    }
    this.#partition = partition;
    return undefined;
  }

  /** The value at `from` as it was sent, or its beginning. */
  #shown(from: number): string {
    const { bytes } = this.#json;
    let to = from;
    // Up to a comma, brace, bracket or space: this is not a parser, the value may be anything.
    while (to < bytes.length && to < from + 40 && !/[\s,\]}]/.test(String.fromCharCode(bytes[to]!))) to++;
    return readUtf8(bytes, from, to);
  }

  /** How a member is written in a path: `.foo`, or `["a b"]` with the name as it was sent. */
  #pathOf(from: number, to: number): string {
    const text = readUtf8(this.#json.bytes, from, Math.min(to, from + 100));
    if (to > from + 100) return `["${text}…"]`;
    return /^[\w-]+$/.test(text) ? `.${text}` : `["${text}"]`;
  }
}

const FIELDS_HINT = `A record has the fields ${FIELDS.join(", ")}`;

function tooManyRecords(): Refusal {
  return refuse("batch_too_large", `more than ${limits.MAX_RECORDS_PER_REQUEST} records`, {
    field: "records",
    hint: "Send several smaller requests",
  });
}
