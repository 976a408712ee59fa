/** Takes back one change; `saved` is what it gave to `save`. */
export interface Undoable {
  undo(saved: unknown): void;
}

/**
 * What a record has changed in memory, so that an error of user code can take all of it back. Two stores a change, no
 * allocation, and when the record succeeds one number is set to zero.
 */
export class UndoLog {
  readonly #targets: Undoable[] = [];
  readonly #saved: unknown[] = [];
  /** Slots in use. The arrays keep their length: cutting them would give their memory back for every record. */
  #size = 0;

  save(target: Undoable, saved: unknown): void {
    this.#targets[this.#size] = target;
    this.#saved[this.#size++] = saved;
  }

  /** Where the log stands: what is saved from here on can be taken back alone. */
  get mark(): number {
    return this.#size;
  }

  /** What was saved is final. */
  clear(): void {
    this.#size = 0;
  }

  /** Takes back what was saved since the mark, or all, the newest first. */
  rollback(mark = 0): void {
    while (this.#size > mark) {
      this.#size--;
      this.#targets[this.#size]?.undo(this.#saved[this.#size]);
    }
  }
}
