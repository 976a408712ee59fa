import type { BatchRecord } from "../../../schema/plan.ts";
import type { Undoable, UndoLog } from "../store/undo-log.ts";
import type { Cause } from "./returned.ts";
import type { Origin, StreamRecord } from "./stream-record.ts";

/** The records that reached an operator in this micro-batch. One that fails elsewhere is taken back. */
export class HeldBatch implements Undoable {
  readonly #undo: UndoLog;
  readonly #records: StreamRecord[] = [];

  constructor(undo: UndoLog) {
    this.#undo = undo;
  }

  add(record: StreamRecord): void {
    this.#undo.save(this, this.#records.length);
    this.#records.push(record);
  }

  take(): readonly StreamRecord[] {
    return this.#records.splice(0);
  }

  undo(saved: unknown): void {
    this.#records.length = saved as number;
  }
}

export function batchRecordOf({ key, value, timestampMs, origin }: StreamRecord): BatchRecord {
  return { key, value, timestampMs, offset: origin.record.offset };
}

/** Results of a batch have no key and the largest time in it unless they say otherwise. */
export function causeOf(records: readonly StreamRecord[], origin: Origin): Cause & { readonly key: null } {
  const timestampMs = records.reduce((largest, record) => Math.max(largest, record.timestampMs), 0);
  return { key: null, timestampMs, origin };
}
