// Zigzag LEB128 as in org.apache.kafka.common.utils.ByteUtils (and Protocol Buffers' sint32, sint64), over numbers.
// A record has six of them, so the one-byte case comes first everywhere.

/** Bytes of the varint of a 32-bit integer. */
export function sizeOfVarint(value: number): number {
  const zigzag = ((value << 1) ^ (value >> 31)) >>> 0;
  if (zigzag < 0x80) return 1;
  if (zigzag < 0x4000) return 2;
  if (zigzag < 0x20_0000) return 3;
  return zigzag < 0x1000_0000 ? 4 : 5;
}

/** Writes the varint of a 32-bit integer and answers where it ends. The caller has made room for 5 bytes. */
export function writeVarint(bytes: Uint8Array, at: number, value: number): number {
  let zigzag = ((value << 1) ^ (value >> 31)) >>> 0;
  while (zigzag >= 0x80) {
    bytes[at++] = (zigzag & 0x7f) | 0x80;
    zigzag >>>= 7;
  }
  bytes[at++] = zigzag;
  return at;
}

/** Writes the varlong of a safe integer and answers where it ends. The caller has made room for 8 bytes. */
export function writeVarlong(bytes: Uint8Array, at: number, value: number): number {
  if ((value | 0) === value) return writeVarint(bytes, at, value);
  // Zigzag doubles the value, which may exceed 2^53: so the sign bit is joined to the first seven bits only.
  const negative = value < 0 ? 1 : 0;
  let rest = negative === 1 ? -value - 1 : value;
  bytes[at++] = ((rest % 0x40) << 1) | negative | 0x80;
  rest = Math.floor(rest / 0x40);
  while (rest >= 0x80) {
    bytes[at++] = (rest % 0x80) | 0x80;
    rest = Math.floor(rest / 0x80);
  }
  bytes[at++] = rest;
  return at;
}

/**
 * Reads varints one after another. A varint that is cut off or too long moves the reader past its end, where it stays
 * and answers 0: so a caller may read several and look at `failed` once.
 */
export class VarintReader {
  readonly bytes: Uint8Array;
  readonly end: number;
  at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = bytes;
    this.end = bytes.length;
    this.at = at;
  }

  get failed(): boolean {
    return this.at > this.end;
  }

  fail(): number {
    this.at = this.end + 1;
    return 0;
  }

  /** Past a field of that length; a negative one, which stands for null, is none. */
  skip(length: number): void {
    if (length > this.end - this.at) this.fail();
    else if (length > 0) this.at += length;
  }

  /** A 32-bit integer. */
  varint(): number {
    if (this.at >= this.end) return this.fail();
    const first = this.bytes[this.at]!;
    if (first >= 0x80) return this.#longVarint(first);
    this.at++;
    return (first >>> 1) ^ -(first & 1);
  }

  /** A 64-bit integer: exact within ±(2^53 - 1), and no safe integer outside it. */
  varlong(): number {
    if (this.at >= this.end) return this.fail();
    const first = this.bytes[this.at]!;
    if (first >= 0x80) return this.#longVarlong(first);
    this.at++;
    return (first >>> 1) ^ -(first & 1);
  }

  #longVarint(first: number): number {
    let zigzag = first & 0x7f;
    for (let shift = 7; shift <= 28; shift += 7) {
      const byte = ++this.at < this.end ? this.bytes[this.at]! : 0xff;
      // The fifth byte holds the last four bits.
      if (shift === 28 && byte > 0x0f) return this.fail();
      zigzag |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    this.at++;
    return (zigzag >>> 1) ^ -(zigzag & 1);
  }

  #longVarlong(first: number): number {
    let magnitude = (first & 0x7f) >>> 1;
    for (let factor = 0x40, length = 2; ; factor *= 0x80, length++) {
      if (++this.at >= this.end || length > 10) return this.fail();
      const byte = this.bytes[this.at]!;
      magnitude += (byte & 0x7f) * factor;
      if (byte < 0x80) break;
    }
    this.at++;
    return (first & 1) === 0 ? magnitude : -magnitude - 1;
  }
}
