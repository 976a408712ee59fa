/** A left row on its way to the row it names, or from where it is no longer joined. */
export type SentRow =
  /** Keyed by the foreign key. */
  | readonly ["put", place: SentPlace, key: string, version: number, row: unknown]
  /** Keyed by the foreign key that the row named before. */
  | readonly ["remove", place: SentPlace]
  /** Of a row that names none, or is no more: keyed by itself. */
  | readonly ["alone", key: string, version: number, row: unknown];

/** Of a left row among those that name one key: a number of the task that sends it, and the task's partition. */
export type SentPlace = readonly [at: number, partition: number];

/** A left row that waits where the row lies that it names. */
export type KeptRow = readonly [key: string, version: number, row: unknown];

/** A row of the join, null for none; the newest version counts. */
export type ResultRow = readonly [version: number, row: unknown];
