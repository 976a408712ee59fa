import type { Windows } from "../../../schema/windows.ts";

export type SqlValue = string | number | null | ArrayBuffer | Uint8Array;
export type SqlRow = { readonly [column: string]: SqlValue };

/** SQLite over the rows of a task's stores, inside the transaction that is open. Only ever given one SELECT. */
export interface SelectPort {
  /**
   * A SELECT that gives a store's rows as they are now: `key`, `value` (objects and arrays as JSON text, others as
   * themselves), `timestamp`, of windows `start` too, of sliding windows and sessions `start` and `end`.
   */
  relation(store: string, windows: Windows | undefined): string;
  select(query: string, parameters: readonly (string | number | null)[]): readonly SqlRow[];
}
