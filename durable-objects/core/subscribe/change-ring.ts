import { MAX_CHANGE_RING_BYTES } from "../../../schema/limits.ts";
import type { RowUpdate } from "./change-recorder.ts";
import { changeTexts, readChanges } from "./change-text.ts";

const encoder = new TextEncoder();

export interface RingPlace {
  readonly seq: number;
  /** Bytes ever put in before this row. */
  readonly beginBytes: number;
  readonly bytes: number;
}

export interface RingRow extends RingPlace {
  /** Of the task, when the transaction was done. */
  readonly position: number;
  readonly text: string;
}

/** The rows of one store's ring, by seq. */
export interface RingRows {
  first(): RingPlace | undefined;
  last(): RingPlace | undefined;
  /** Its seq is one more than that of the last. */
  append(row: RingRow): void;
  /** Rows behind a seq, as long as those before them are shorter than `maxBytes`; at least one if there is one. */
  after(seq: number, maxBytes: number): readonly Pick<RingRow, "seq" | "position" | "text">[];
  /** Removes rows that begin before. */
  trim(beforeBytes: number): void;
}

export interface Changes {
  readonly updates: readonly RowUpdate[];
  /** Of the last row read: where the next read goes on. */
  readonly seq: number;
  /** Of the task, as of which these are all its changes; undefined where none has come. */
  readonly position: number | undefined;
}

/** The latest changes of one store, a row for each transaction that made some (SUB-2). */
export class ChangeRing {
  readonly #rows: RingRows;
  readonly #maxBytes: number;
  #head: number;
  #endBytes: number;
  #first: number;

  constructor(rows: RingRows, maxBytes: number = MAX_CHANGE_RING_BYTES) {
    this.#rows = rows;
    this.#maxBytes = maxBytes;
    const last = rows.last();
    this.#head = last?.seq ?? 0;
    this.#endBytes = last === undefined ? 0 : last.beginBytes + last.bytes;
    this.#first = rows.first()?.seq ?? 1;
  }

  /** Of the last row ever put in; 0 before the first. */
  get head(): number {
    return this.#head;
  }

  /** Whether everything behind this seq is still here. */
  holds(seq: number): boolean {
    return seq <= this.#head && seq >= this.#first - 1;
  }

  /** Answers how many rows that were. */
  add(updates: readonly RowUpdate[], position: number): number {
    if (updates.length === 0) return 0;
    const before = this.#head;
    for (const text of changeTexts(updates)) {
      const bytes = encoder.encode(text).length;
      this.#head++;
      this.#rows.append({ seq: this.#head, beginBytes: this.#endBytes, bytes, position, text });
      this.#endBytes += bytes;
    }
    this.#rows.trim(this.#endBytes - this.#maxBytes);
    this.#first = this.#rows.first()?.seq ?? this.#head + 1;
    return this.#head - before;
  }

  /** Changes behind a seq that the ring holds, about `maxBytes` of them. */
  after(seq: number, maxBytes: number): Changes {
    const rows = this.#rows.after(seq, maxBytes);
    const last = rows.at(-1);
    return {
      updates: rows.flatMap(({ text }) => readChanges(text)),
      seq: last?.seq ?? seq,
      position: last?.position,
    };
  }
}
