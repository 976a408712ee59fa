import { decodeBase64Text } from "./base64.ts";
import { type ErrorCode, type Refusal, refuse } from "./error.ts";
import { unescapeJson } from "./json-string.ts";
import { skipJson, skipSpace, skipString } from "./json-text.ts";
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

/** Undefined is success: what was read lies in the reader, which stands after it. */
export type Outcome = Refusal | undefined;

const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const ZERO = 0x30;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const LOWER_B = 0x62;
const LOWER_N = 0x6e;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

const NO_HEADERS: readonly Header[] = Object.freeze([]);
const FIELDS = ["key", "value", "headers", "timestamp", "partition"] as const;
/** With the closing quote, so that a prefix of a longer name does not match. */
const FIELD_BYTES = FIELDS.map((field) => new TextEncoder().encode(`${field}"`));
const ONE_JSON = `Send JSON (RFC 8259) in UTF-8, nested at most ${limits.MAX_JSON_DEPTH} deep`;
const ONE_TEXT = 'Send a string, null, or {"base64": "…"}';

/** Reads record objects from a JSON text, each byte once (JSN-3 … JSN-9). */
export class ProduceRecordReader {
  readonly records: ProduceInput[] = [];
  /** May be replaced by another view that begins at the same byte: a line ends where its view ends. */
  bytes: Bytes;
  at: number;
  /** Of NDJSON, from 1; 0 where lines mean nothing. */
  line = 0;

  #seen = 0;
  #key: Bytes | null = null;
  #value: Bytes | null = null;
  #headers: readonly Header[] = NO_HEADERS;
  #headerBytes = 0;
  #timestampMs: number | undefined;
  #partition: number | undefined;

  constructor(bytes: Bytes) {
    this.bytes = bytes;
    // A byte order mark before the text is skipped (JSN-9); anywhere else it is no JSON.
    this.at = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  }

  /** The next byte that is not whitespace; undefined at the end. */
  peek(): number | undefined {
    this.at = skipSpace(this.bytes, this.at);
    return this.bytes[this.at];
  }

  /** Reads an object. `readValue` gets where the name stands between its quotes, and moves the reader past the value. */
  object(readValue: (nameFrom: number, nameTo: number) => Outcome): Outcome {
    this.at++;
    if (this.peek() === CLOSE_OBJECT) return this.#skip();
    for (;;) {
      const from = this.at + 1;
      const end = this.bytes[this.at] === QUOTE ? skipString(this.bytes, from) : -1;
      if (end < 0) return this.malformed();
      this.at = end;
      if (this.peek() !== COLON) return this.malformed();
      this.at++;
      this.peek();
      const refusal = readValue(from, end - 1);
      if (refusal !== undefined) return refusal;
      const next = this.peek();
      if (next === CLOSE_OBJECT) return this.#skip();
      if (next !== COMMA) return this.malformed();
      this.at++;
      this.peek();
    }
  }

  /** Reads the record object that begins here and adds it to `records`. */
  record(): Outcome {
    if (this.records.length === limits.MAX_RECORDS_PER_REQUEST) {
      return refuse("batch_too_large", `more than ${limits.MAX_RECORDS_PER_REQUEST} records`, {
        field: "records",
        hint: "Send several smaller requests",
      });
    }
    if (this.bytes[this.at] !== OPEN_OBJECT) return this.refuse("", "not an object", 'Send {"key": …, "value": …}');
    this.#seen = 0;
    this.#key = this.#value = null;
    this.#headers = NO_HEADERS;
    this.#headerBytes = 0;
    this.#timestampMs = this.#partition = undefined;
    return this.object(this.#readField) ?? this.#finish();
  }

  /** Refuses the record being read; `field` is a path inside it. */
  refuse(field: string, message: string, hint: string): Refusal {
    return this.#refuseWith("invalid_request", { field, message, hint });
  }

  malformed(field = ""): Refusal {
    return this.refuse(field, `not valid JSON at or after byte ${Math.min(this.at, this.bytes.length)}`, ONE_JSON);
  }

  #refuseWith(code: ErrorCode, about: { field: string; message: string; hint: string }): Refusal {
    const path = `records[${this.records.length}]${about.field}`;
    const line = this.line === 0 ? "" : ` (line ${this.line})`;
    return refuse(code, `${path}${line}: ${about.message}`, { field: path, hint: about.hint });
  }

  #tooLarge(field: string, message: string): Refusal {
    return this.#refuseWith("record_too_large", { field, message, hint: "Send less, or a reference to where it is kept" });
  }

  #skip(): undefined {
    this.at++;
  }

  #finish(): Outcome {
    const size = (this.#key?.length ?? 0) + (this.#value?.length ?? 0) + this.#headerBytes;
    if (size > limits.MAX_RECORD_BYTES) {
      return this.#tooLarge("", `${size} bytes of key, value and headers, the limit is ${limits.MAX_RECORD_BYTES}`);
    }
    if (this.#key === null && this.#value === null) {
      return this.refuse("", "key and value are both missing or null", "A tombstone needs the key it removes");
    }
    this.records.push({
      key: this.#key,
      value: this.#value,
      headers: this.#headers,
      timestampMs: this.#timestampMs,
      partition: this.#partition,
    });
    return undefined;
  }

  readonly #readField = (from: number, to: number): Outcome => {
    const index = this.#fieldIndex(from, to);
    if (index < 0) {
      const name = this.#name(from, to);
      return this.refuse(name.path, "unknown field", `A record has the fields ${FIELDS.join(", ")}`);
    }
    const bit = 1 << index;
    if ((this.#seen & bit) !== 0) return this.refuse(`.${FIELDS[index]}`, "given twice", "Send each field once");
    this.#seen |= bit;
    switch (FIELDS[index]) {
      case "key":
        return this.#readKey();
      case "value":
        return this.#readValue();
      case "headers":
        return this.#readHeaders();
      case "timestamp":
        return this.#readTimestamp();
      default:
        return this.#readPartition();
    }
  };

  #fieldIndex(from: number, to: number): number {
    for (let index = 0; index < FIELD_BYTES.length; index++) {
      const name = FIELD_BYTES[index]!;
      let at = 0;
      while (at < name.length && this.bytes[from + at] === name[at]) at++;
      if (at === name.length) return index;
    }
    const { text } = this.#name(from, to);
    return FIELDS.findIndex((field) => field === text);
  }

  /** A name of a field or header, and how it is written in a path. */
  #name(from: number, to: number): { text: string | undefined; path: string } {
    const name = unescapeJson(this.bytes.subarray(from, to));
    const text = name === undefined ? undefined : readUtf8(name);
    if (text !== undefined && /^[\w-]{1,100}$/.test(text)) return { text, path: `.${text}` };
    const raw = readUtf8(this.bytes, from, Math.min(to, from + 100)).replace(/\uFFFD$/, "");
    return { text, path: `["${raw}${to - from > 100 ? "…" : ""}"]` };
  }

  #readKey(): Outcome {
    const first = this.bytes[this.at];
    let key: Bytes | Refusal | null | undefined;
    if (first === QUOTE) key = this.#string(".key");
    else {
      const from = this.at;
      this.at = skipJson(this.bytes, from);
      if (this.at < 0) return this.#malformedFrom(from, ".key");
      key = first === LOWER_N ? null : this.#base64(from, ".key");
      if (key === undefined) return this.refuse(".key", "neither a string nor null nor base64", ONE_TEXT);
    }
    if (key !== null && "ok" in key) return key;
    if (key !== null && key.length > limits.MAX_KEY_BYTES) {
      return this.#tooLarge(".key", `${key.length} bytes, the limit is ${limits.MAX_KEY_BYTES}`);
    }
    this.#key = key;
    return undefined;
  }

  #readValue(): Outcome {
    const from = this.at;
    this.at = skipJson(this.bytes, from);
    if (this.at < 0) return this.#malformedFrom(from, ".value");
    if (this.bytes[from] === LOWER_N) return undefined;
    const bytes = this.#base64(from, ".value");
    if (bytes !== undefined && "ok" in bytes) return bytes;
    this.#value = bytes ?? this.bytes.subarray(from, this.at);
    return undefined;
  }

  /** The text of the string here, or of nothing else: then it is refused. */
  #string(field: string): Bytes | Refusal {
    const from = this.at;
    this.at = this.bytes[from] === QUOTE ? skipString(this.bytes, from + 1) : -1;
    if (this.at < 0) return this.#malformedFrom(from, field);
    const text = unescapeJson(this.bytes.subarray(from + 1, this.at - 1));
    return text ?? this.refuse(field, "half of a surrogate pair", "Write characters above U+FFFF as two \\u escapes");
  }

  /** What `{"base64": "…"}` between `from` and here gives; undefined when it is something else, or has more fields. */
  #base64(from: number, field: string): Bytes | Refusal | undefined {
    if (this.bytes[from] !== OPEN_OBJECT) return undefined;
    const nameAt = skipSpace(this.bytes, from + 1) + 1;
    // The value is valid JSON, so this byte exists. Most objects end their visit here.
    if (this.bytes[nameAt] !== LOWER_B && this.bytes[nameAt] !== BACKSLASH) return undefined;
    const nameEnd = skipString(this.bytes, nameAt);
    if (this.#name(nameAt, nameEnd - 1).text !== "base64") return undefined;
    const valueAt = skipSpace(this.bytes, skipSpace(this.bytes, nameEnd) + 1);
    const valueEnd = skipJson(this.bytes, valueAt);
    if (this.bytes[skipSpace(this.bytes, valueEnd)] !== CLOSE_OBJECT) return undefined;
    const text = this.bytes[valueAt] === QUOTE ? unescapeJson(this.bytes.subarray(valueAt + 1, valueEnd - 1)) : undefined;
    const decoded = text === undefined ? undefined : decodeBase64Text(text);
    if (decoded !== undefined) return decoded;
    return this.refuse(`${field}.base64`, "not base64", "Send a string of RFC 4648 section 4, with padding");
  }

  #readHeaders(): Outcome {
    if (this.bytes[this.at] !== OPEN_OBJECT) return this.refuse(".headers", "not an object", "Send an object of strings");
    const headers: Header[] = [];
    this.#headers = headers;
    return this.object((from, to) => this.#readHeader(headers, this.bytes.subarray(from, to)));
  }

  #readHeader(headers: Header[], rawName: Bytes): Outcome {
    const name = unescapeJson(rawName);
    if (name === undefined) return this.refuse(".headers", "half of a surrogate pair in a name", "Send valid Unicode");
    const key = readUtf8(name);
    const field = `.headers${/^[\w-]{1,100}$/.test(key) ? `.${key}` : `[${JSON.stringify(key.slice(0, 100))}]`}`;
    if (headers.some((header) => header.key === key)) return this.refuse(field, "given twice", "Send each header once");
    if (headers.length === limits.MAX_HEADERS_PER_RECORD) {
      return this.#tooLarge(".headers", `more than ${limits.MAX_HEADERS_PER_RECORD} headers`);
    }
    if (this.bytes[this.at] !== QUOTE) return this.refuse(field, "not a string", "Send an object of strings");
    const value = this.#string(field);
    if ("ok" in value) return value;
    const size = name.length + value.length;
    if (size > limits.MAX_HEADER_BYTES) return this.#tooLarge(field, `${size} bytes, the limit is ${limits.MAX_HEADER_BYTES}`);
    this.#headerBytes += size;
    headers.push({ key, value });
    return undefined;
  }
