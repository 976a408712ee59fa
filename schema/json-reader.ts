import { skipJson, skipSpace, skipString } from "./json-text.ts";
import type { Bytes } from "./record.ts";
import { readUtf8 } from "./utf8.ts";

const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const ZERO = 0x30;
const NINE = 0x39;
const COLON = 0x3a;
const CLOSE_ARRAY = 0x5d;
const CLOSE_OBJECT = 0x7d;
/** So many digits are exact in a number. */
const EXACT_DIGITS = 15;

/**
 * A place in a JSON text and the steps of a reader that knows what it expects there. Every step looks at each byte once.
 * What `readMember` and `readElement` answer, other than undefined, ends the walk and is its answer.
 */
export class JsonReader {
  readonly bytes: Bytes;
  at: number;

  constructor(bytes: Bytes, at: number) {
    this.bytes = bytes;
    this.at = at;
  }

  /** The next byte that is not whitespace, where the reader then stands; undefined at the end. */
  peek(): number | undefined {
    this.at = skipSpace(this.bytes, this.at);
    return this.bytes[this.at];
  }

  /** Moves past the value that begins here; false when it is none. */
  skip(): boolean {
    const end = skipJson(this.bytes, this.at);
    if (end < 0) return false;
    this.at = end;
    return true;
  }

  /** From the brace here. `readMember` gets where its name stands between the quotes, and moves the reader past the value. */
  object<R>(readMember: (nameFrom: number, nameTo: number) => R | undefined): R | "malformed" | undefined {
    this.at++;
    let next = this.peek();
    while (next !== CLOSE_OBJECT) {
      const from = this.at + 1;
      const end = next === QUOTE ? skipString(this.bytes, from) : -1;
      if (end < 0) return "malformed";
      this.at = end;
      if (this.peek() !== COLON) return "malformed";
      this.at++;
      this.peek();
      const answer = readMember(from, end - 1);
      if (answer !== undefined) return answer;
      next = this.#afterItem(CLOSE_OBJECT);
      if (next === undefined) return "malformed";
    }
    this.at++;
    return undefined;
  }

  /** From the bracket here. `readElement` moves the reader past the element. */
  array<R>(readElement: () => R | undefined): R | "malformed" | undefined {
    this.at++;
    let next = this.peek();
    while (next !== CLOSE_ARRAY) {
      const answer = readElement();
      if (answer !== undefined) return answer;
      next = this.#afterItem(CLOSE_ARRAY);
      if (next === undefined) return "malformed";
    }
    this.at++;
    return undefined;
  }

  /** What begins the next item, or `close`; undefined where neither may follow. */
  #afterItem(close: number): number | undefined {
    const next = this.peek();
    if (next === close) return close;
    if (next !== COMMA) return undefined;
    this.at++;
    const item = this.peek();
    return item === close ? undefined : item;
  }

  /** The safe integer here, however it is written (1.7e12 is one); undefined for everything else. */
  integer(): number | undefined {
    const from = this.at;
    const first = this.bytes[from];
    if (first === undefined || (first !== MINUS && (first < ZERO || first > NINE)) || !this.skip()) return undefined;
    if (this.at - from <= EXACT_DIGITS) {
      let value = 0;
      let at = from;
      for (; at < this.at; at++) {
        const digit = this.bytes[at]! - ZERO;
        if (digit < 0 || digit > 9) break;
        value = value * 10 + digit;
      }
      if (at === this.at) return value;
    }
    const value = Number(readUtf8(this.bytes, from, this.at));
    // The sum makes -0, which is the integer 0, positive.
    return Number.isSafeInteger(value) ? value + 0 : undefined;
  }
}
