import { assert } from "../core/assert.ts";

/** What waits for one target. Sequences inclusive; `last` is the newest, rows may be missing in between only for R2 paths. */
export interface Pending {
  readonly task: number;
  readonly target: string;
  readonly rows: number;
  readonly bytes: number;
  readonly records: number;
  readonly oldestMs: number;
  readonly first: number;
  readonly last: number;
}

/** A row of the outbox without its body. */
export interface QueuedRow {
  readonly id: number;
  readonly sequence: number;
  readonly records: number;
  readonly bytes: number;
  readonly createdMs: number;
  /** Where the batch of the log begins that is its body. */
  readonly copyOf: number | undefined;
}

/** The undelivered rows of one target, in sequence order, and their totals. */
export class OutboxQueue {
  readonly task: number;
  readonly target: string;
  #rows: QueuedRow[] = [];
  #bytes = 0;
  #records = 0;

  constructor(task: number, target: string) {
    this.task = task;
    this.target = target;
  }

  get rows(): readonly QueuedRow[] {
    return this.#rows;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Where the oldest batch of the log begins that a row is a copy of; Infinity where none is. */
  get oldestCopy(): number {
    // Not by a spread: an outbox may hold more rows than a call takes arguments.
    return this.#rows.reduce((oldest, { copyOf = Infinity }) => Math.min(oldest, copyOf), Infinity);
  }

  /** There must be a row. */
  get pending(): Pending {
    const [first, last] = [this.#rows[0], this.#rows.at(-1)];
    assert(first !== undefined && last !== undefined, "a queue without rows is forgotten");
    return {
      task: this.task,
      target: this.target,
      rows: this.#rows.length,
      bytes: this.#bytes,
      records: this.#records,
      oldestMs: first.createdMs,
      first: first.sequence,
      last: last.sequence,
    };
  }

  add(row: QueuedRow): void {
    assert(
      row.sequence > (this.#rows.at(-1)?.sequence ?? 0),
      "the rows of a target come in the order of their sequences",
    );
    this.#rows.push(row);
    this.#count(row, 1);
  }

  /** Takes out the rows up to a sequence, and gives them. */
  takeThrough(sequence: number): readonly QueuedRow[] {
    const behind = this.#rows.findIndex((row) => row.sequence > sequence);
    const taken = this.#rows.splice(0, behind < 0 ? this.#rows.length : behind);
    for (const row of taken) this.#count(row, -1);
    return taken;
  }

  /** A row goes on with another body; answers its id. */
  replace(sequence: number, body: { readonly records: number; readonly bytes: number }): number {
    const at = this.#rows.findIndex((row) => row.sequence === sequence);
    const row = this.#rows[at];
    assert(row !== undefined, "what is replaced waits");
    this.#count(row, -1);
    this.#rows[at] = { ...row, ...body, copyOf: undefined };
    this.#count({ ...row, ...body }, 1);
    return row.id;
  }

  #count({ bytes, records }: QueuedRow, sign: 1 | -1): void {
    this.#bytes += sign * bytes;
    this.#records += sign * records;
  }
}
