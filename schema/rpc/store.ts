import type { Windows } from "../windows.ts";

/** What a request may say of the rows of a store that it wants; of `times`, those of windows or rows. */
export type StoreRead = "key" | "prefix" | "range" | "times" | "asOf";

export interface StoreDescription {
  readonly name: string;
  readonly kind: "keyValue" | "versioned" | "window" | "list" | "map" | "joinSide";
  readonly windows?: Windows["kind"] | undefined;
  /** Fields that together tell its rows apart. */
  readonly key: readonly ("key" | "start" | "end" | "name" | "at" | "seq")[];
  readonly reads: readonly StoreRead[];
}

/** Where a row lies among the rows of its store. */
export interface StorePlace {
  readonly key: string;
  readonly at: number;
  readonly seq: number;
}

/** Rows of a range, in the order of the store. `fromKey <= key < toKey`; both times are included. */
export interface StoreScan {
  readonly kind: "scan";
  readonly fromKey?: string | undefined;
  readonly toKey?: string | undefined;
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
  /** From this place on, the row at it included only if `inclusive`. */
  readonly after?: StorePlace | undefined;
  readonly inclusive?: boolean | undefined;
  readonly limit: number;
  /** Ends behind the row with which keys and values are longer than this, characters. */
  readonly maxCharacters?: number | undefined;
}

/** Where rows have a key alone; `asOfMs`: as it was then, of a versioned store. */
export interface StoreKeyRead {
  readonly kind: "key";
  readonly key: string;
  readonly asOfMs?: number | undefined;
}

export type StoreQuery = StoreKeyRead | StoreScan;

export interface StoreReadRequest {
  readonly pipeline: string;
  readonly store: string;
  readonly query: StoreQuery;
  /** Wait until the task's position is at least this, up to `waitMs`. */
  readonly minOffset?: number | undefined;
  readonly waitMs: number;
}

/** `value` is JSON text: it is never parsed on the way out. Other fields as the store's description names them. */
export interface StoreRow {
  readonly key: string;
  readonly value: string;
  readonly start?: number | undefined;
  readonly end?: number | undefined;
  readonly name?: string | undefined;
  readonly at?: number | undefined;
  readonly seq?: number | undefined;
  /** Largest record time in it; of a versioned row, the time from which it holds. */
  readonly timestampMs: number;
  readonly place: StorePlace;
}

export interface StoreAnswer {
  readonly rows: readonly StoreRow[];
  /** How rows lie: by key, then time, or by time, then key. */
  readonly order: "key" | "time";
  /** Input the rows reflect: every record below `offset`. */
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** Behind which the next page begins; absent at the end. */
  readonly next?: StorePlace | undefined;
}

export interface StoreSqlRequest {
  readonly pipeline: string;
  readonly sql: string;
  readonly parameters: readonly SqlValue[];
  /** Only rows of this key. */
  readonly key?: string | undefined;
  /** What is to be merged with the answers of other partitions. */
  readonly part: boolean;
  readonly maxRows: number;
  readonly minOffset?: number | undefined;
  readonly waitMs: number;
}

export type SqlValue = string | number | null;

export interface StoreSqlAnswer {
  readonly rows: readonly (readonly SqlValue[])[];
  /** There are more than `maxRows`. */
  readonly more: boolean;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** Where a follower of a store stands in one partition. */
export interface ChangesCursor {
  readonly incarnation: number;
  /** When the changes began to be kept: those of another time are others. */
  readonly beganMs: number;
  readonly seq: number;
  /** A snapshot is being taken: rows up to `after` have been told, none while it is absent. */
  readonly taking?: { readonly after?: StorePlace | undefined } | undefined;
}

export interface ChangesRequest {
  readonly pipeline: string;
  readonly store: string;
  readonly key?: string | undefined;
  /** Absent: from a snapshot on. */
  readonly cursor?: ChangesCursor | undefined;
  /** Rows of a page of a snapshot. */
  readonly limit: number;
  /** Waits so long, ms, for something to tell. */
  readonly waitMs: number;
}

/** `value` is JSON text; null where the row has gone. */
export type StoreChange = Pick<StoreRow, StoreDescription["key"][number]> & { readonly value: string | null };

export interface ChangesAnswer {
  /** The cursor stood for what is not known any more: what was told of the partition is void, a snapshot begins. */
  readonly reset: boolean;
  /** In their order; they come before `rows`. */
  readonly changes: readonly StoreChange[];
  /** The next page of a snapshot. */
  readonly rows: readonly StoreRow[];
  /** That was the last page: from now on there are changes alone. */
  readonly ready: boolean;
  readonly cursor: ChangesCursor;
  /** Input that is reflected by all that has been told: every record below `offset`. */
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}
