import type { ValueFormat } from "../../../schema/plan.ts";
import type { Bytes } from "../../../schema/record.ts";
import { isJson } from "../../../schema/json-text.ts";
import { wellFormed } from "../store/key-order.ts";
import { jsonText } from "../store/state-value.ts";

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * A record's value in the form it came in; other forms are made when asked for. What came as text or bytes and was not
 * changed leaves as the same text: 12.30 stays 12.30. `null` is a tombstone. An error is one of the record's.
 */
export interface Payload {
  /** What user code sees; the same object each time. */
  value(): unknown;
  /** Throws where `value` does, for those that do not need it. */
  check(): void;
  /** `name` heads the path in errors. */
  json(name: string): string;
  /** The value as a topic of this format holds it; text is still to be written as UTF-8. */
  encoded(format: ValueFormat, name: string): Bytes | string | null;
}

/** A value as it lay in a log. */
export class SourcePayload implements Payload {
  readonly #bytes: Bytes | null;
  readonly #format: ValueFormat;
  #text: string | undefined;
  #value: unknown;
  #checked = false;

  constructor(bytes: Bytes | null, format: ValueFormat) {
    this.#bytes = bytes;
    this.#format = format;
  }

  value(): unknown {
    if (this.#value !== undefined) return this.#value;
    return (this.#value = this.#read());
  }

  check(): void {
    if (this.#checked) return;
    if (this.#format !== "json" || this.#bytes === null || !isJson(this.#bytes)) this.value();
    this.#checked = true;
  }

  json(name: string): string {
    const value = this.value();
    return this.#format === "json" && this.#bytes !== null ? (this.#text ?? "null") : jsonText(value, name);
  }

  encoded(format: ValueFormat, name: string): Bytes | string | null {
    if (format === this.#format && this.#bytes !== null && this.#value === undefined) {
      // Looked at even when passed on as it is: bytes that are not of the source's format go no further.
      this.check();
      return this.#bytes;
    }
    const value = this.value();
    return format === this.#format ? this.#bytes : encodeValue(value, format, name);
  }

  #read(): unknown {
    if (this.#bytes === null) return null;
    // A copy: the bytes belong to the log.
    if (this.#format === "bytes") return this.#bytes.slice();
    let text: string;
    try {
      text = decoder.decode(this.#bytes);
    } catch {
      throw new TypeError("the value is not UTF-8");
    }
    this.#text = text;
    if (this.#format === "text") return text;
    try {
      return JSON.parse(text) as unknown;
    } catch (error) {
      throw new SyntaxError(`the value is not JSON: ${error instanceof Error ? error.message : ""}`);
    }
  }
}

/** A value held as JSON text: what comes out of a store. */
export class TextPayload implements Payload {
  readonly #text: string;
  #value: unknown;

  constructor(text: string) {
    this.#text = text;
  }

  value(): unknown {
    return (this.#value ??= JSON.parse(this.#text) as unknown);
  }

  check(): void {}

  json(): string {
    return this.#text;
  }

  encoded(format: ValueFormat, name: string): Bytes | string | null {
    return format === "json" ? this.#text : encodeValue(this.value(), format, name);
  }
}

/** What a function of user code returned. */
export class LivePayload implements Payload {
  readonly #value: unknown;

  constructor(value: unknown) {
    this.#value = value;
  }

  value(): unknown {
    return this.#value;
  }

  check(): void {}

  json(name: string): string {
    return jsonText(this.#value, name);
  }

  encoded(format: ValueFormat, name: string): Bytes | string | null {
    return encodeValue(this.#value, format, name);
  }
}

export const TOMBSTONE: Payload = new LivePayload(null);

/** Of a row in a store: `undefined` says that there is none. */
export function payloadOf(text: string | undefined): Payload {
  return text === undefined ? TOMBSTONE : new TextPayload(text);
}

function encodeValue(value: unknown, format: ValueFormat, name: string): Bytes | string | null {
  if (value === null) return null;
  switch (format) {
    case "json":
      return jsonText(value, name);
    case "text":
      if (typeof value !== "string") throw new TypeError(`${name} is ${typeof value}, its topic holds text`);
      if (!wellFormed(value)) throw new TypeError(`${name} has a lone surrogate, which UTF-8 cannot hold`);
      return value;
    case "bytes":
      if (!(value instanceof Uint8Array)) throw new TypeError(`${name} is ${typeof value}, its topic holds bytes`);
      return value.slice() as Bytes;
  }
}
