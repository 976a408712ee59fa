import { TARGET_BATCH_BYTES } from "../../../schema/limits.ts";
import type { Bytes } from "../../../schema/record.ts";
import type { OutboxRow } from "../task/task-port.ts";
import type { Target } from "./outbox.ts";

/** Pieces of text one after another: `separator` stands between two of a row. */
export class LineTarget implements Target<Bytes> {
  readonly #name: string;
  readonly #separator: Bytes;
  readonly #rows: OutboxRow[] = [];
  #pieces: Bytes[] = [];
  #size = 0;

  constructor(name: string, separator: Bytes) {
    this.#name = name;
    this.#separator = separator;
  }

  add(piece: Bytes): void {
    if (this.#pieces.length > 0) {
      const size = this.#size + this.#separator.length + piece.length;
      if (size > TARGET_BATCH_BYTES) this.#close();
      else this.#size += this.#separator.length;
    }
    this.#pieces.push(piece);
    this.#size += piece.length;
  }

  rows(): OutboxRow[] {
    this.#close();
    return this.#rows;
  }

  #close(): void {
    if (this.#pieces.length === 0) return;
    const body = new Uint8Array(this.#size);
    let at = 0;
    for (const [index, piece] of this.#pieces.entries()) {
      if (index > 0) {
        body.set(this.#separator, at);
        at += this.#separator.length;
      }
      body.set(piece, at);
      at += piece.length;
    }
    this.#rows.push({ target: this.#name, records: this.#pieces.length, body });
    this.#pieces = [];
    this.#size = 0;
  }
}
