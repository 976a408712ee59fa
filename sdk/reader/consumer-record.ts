import type { Bytes, ConsumerRecord as StoredRecord, Header } from "../../schema/record.ts";
import { isUtf8, readUtf8 } from "../../schema/utf8.ts";

/**
 * A record read from a partition. Its bytes are decoded when they are asked for.
 *
 * @example
 * ```ts
 * import { Millrace, type ConsumerRecord } from "../sdk/index.ts";
 *
 * function describe(record: ConsumerRecord): string {
 *   const { amount } = record.json<{ readonly amount: number } | null>() ?? { amount: 0 };
 *   return `${record.partition}/${record.offset} ${String(record.key)}: ${amount}`;
 * }
 *
 * const client = new Millrace({ url: "http://127.0.0.1:8787" });
 * for await (const record of client.reader("orders", 0, { stopAtEnd: true })) console.log(describe(record));
 * ```
 */
export class ConsumerRecord {
  readonly topic: string;
  readonly partition: number;
  readonly #stored: StoredRecord;

  constructor(topic: string, partition: number, stored: StoredRecord) {
    this.topic = topic;
    this.partition = partition;
    this.#stored = stored;
  }

  get offset(): number {
    return this.#stored.offset;
  }

  /** ms since epoch. */
  get timestampMs(): number {
    return this.#stored.timestampMs;
  }

  /** In the order written; a name may stand there more than once. */
  get headers(): readonly Header[] {
    return this.#stored.headers;
  }

  /** A string where the key is valid UTF-8, its bytes where not. */
  get key(): string | Bytes | null {
    const { key } = this.#stored;
    if (key === null) return null;
    return isUtf8(key) ? readUtf8(key) : key;
  }

  get keyBytes(): Bytes | null {
    return this.#stored.key;
  }

  /** The value as stored; null is a tombstone. A view of the whole answer: copy what you keep for long. */
  get bytes(): Bytes | null {
    return this.#stored.value;
  }

  /** The value as UTF-8; malformed bytes become U+FFFD. */
  text(): string | null {
    const { value } = this.#stored;
    return value === null ? null : readUtf8(value);
  }

  /** The value as JSON; null for a tombstone. Throws a SyntaxError for a value that is not one. */
  json<T = unknown>(): T {
    const { value } = this.#stored;
    return (value === null ? null : JSON.parse(readUtf8(value))) as T;
  }
}
