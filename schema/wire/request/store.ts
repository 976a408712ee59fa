import * as z from "zod";
import { MAX_PAGE, MAX_TIMESTAMP_MS, MAX_WAIT_MS } from "../../limits.ts";
import { integer } from "./parameter.ts";

const timeMs = integer(0, MAX_TIMESTAMP_MS);

/**
 * One key, keys that begin with `prefix`, keys in `[fromKey, toKey)`, or all; of windows those whose start, of rows of a join
 * those whose time lies in `[from, to)`; of a versioned store a key as it was at `asOf`. What is more than one row comes
 * page by page. `partition` is for a key whose records were not placed by it, or for the keys of that partition alone.
 * `minOffset` waits up to `waitMs` until the task of the partition has read every record below it.
 */
export const storeQuery = z.strictObject({
  key: z.string().optional(),
  prefix: z.string().optional(),
  fromKey: z.string().optional(),
  toKey: z.string().optional(),
  from: timeMs.optional(),
  to: timeMs.optional(),
  asOf: timeMs.optional(),
  cursor: z.string().optional(),
  limit: integer(1, MAX_PAGE).optional(),
  partition: integer(0).optional(),
  minOffset: integer(0).optional(),
  waitMs: integer(0, MAX_WAIT_MS).default(10_000),
});
export type StoreParameters = z.infer<typeof storeQuery>;

/** All of a store or one key of it, in its partition or in another. `cursor` is the id of an event, as `Last-Event-ID` is. */
export const changesQuery = z.strictObject({
  key: z.string().optional(),
  partition: integer(0).optional(),
  cursor: z.string().optional(),
});
export type ChangeParameters = z.infer<typeof changesQuery>;
