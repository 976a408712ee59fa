import type { Undoable, UndoLog } from "../store/undo-log.ts";

/**
 * Stream time of one stateful operator: the largest timestamp that reached it, the current record included; -Infinity
 * before the first. Never goes back, except when the record that moved it is undone.
 */
export class Clock implements Undoable {
  readonly #undo: UndoLog;
  #streamTimeMs: number;

  constructor(undo: UndoLog, streamTimeMs: number) {
    this.#undo = undo;
    this.#streamTimeMs = streamTimeMs;
  }

  get streamTimeMs(): number {
    return this.#streamTimeMs;
  }

  advance(timestampMs: number): void {
    if (timestampMs <= this.#streamTimeMs) return;
    this.#undo.save(this, this.#streamTimeMs);
    this.#streamTimeMs = timestampMs;
  }

  undo(saved: unknown): void {
    this.#streamTimeMs = saved as number;
  }
}
