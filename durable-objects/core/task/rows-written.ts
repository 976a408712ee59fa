import type { SliceResult } from "./task-port.ts";

/** What the transaction of a slice writes: rows of state and outbox, and the task's own. Work is paid for by these. */
export function rowsWritten({ stateRowsWritten, rows }: SliceResult): number {
  return stateRowsWritten + rows.length + 1;
}
