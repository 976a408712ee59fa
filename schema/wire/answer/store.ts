import * as z from "zod";

/** `key` names the fields that tell rows apart, `reads` what of a store can be asked for. */
export const storeList = z
  .object({
    stores: z.array(
      z.object({
        name: z.string(),
        kind: z.enum(["keyValue", "versioned", "window", "list", "map", "joinSide"]),
        windows: z.enum(["time", "cumulative", "unlimited", "sliding", "session"]).optional(),
        key: z.array(z.enum(["key", "start", "end", "name", "at", "seq"])),
        reads: z.array(z.enum(["key", "prefix", "range", "times", "asOf"])),
      }),
    ),
  })
  .meta({ id: "StoreList" });

/** The input that an answer reflects: every record of `topic`/`partition` below `offset`. */
const reflects = { topic: z.string(), partition: z.int(), offset: z.int() };
const cursor = z.string().optional();

/** `timestamp`, from which the value holds, with `asOf` alone. */
export const storeValue = z
  .object({ key: z.string(), value: z.unknown(), timestamp: z.int().optional(), ...reflects })
  .meta({ id: "StoreValue" });

const windowRow = z.object({ key: z.string(), start: z.int(), end: z.int(), value: z.unknown() });

/** `name` of an entry of a map; `at` and `seq` of a row of a list or of a side of a join, whose time is `at`. */
const entryRow = z.object({
  key: z.string(),
  name: z.string().optional(),
  at: z.int().optional(),
  seq: z.int().optional(),
  value: z.unknown(),
});

/** A page of one key's windows, by start. The last page has no cursor. */
export const storeWindows = z.object({ windows: z.array(windowRow), ...reflects, cursor }).meta({ id: "StoreWindows" });

/** A page of one key's rows, where they are no windows. The last page has no cursor. */
export const storeEntries = z.object({ entries: z.array(entryRow), ...reflects, cursor }).meta({ id: "StoreEntries" });

/** A page of several keys: `windows` of a windowed store, `entries` of another. The last page has no cursor. */
export const storePage = z
  .object({
    entries: z.array(entryRow).optional(),
    windows: z.array(windowRow).optional(),
    reflects: z.array(z.object(reflects)),
    cursor,
  })
  .meta({ id: "StorePage" });

/** `data` of an event `snapshot`: a page of a partition's rows. `reset`: what was told of it before is void. `ready`: the last page. */
export const snapshotEvent = z
  .object({ ...reflects, reset: z.boolean(), ready: z.boolean(), rows: z.array(z.union([windowRow, entryRow])) })
  .meta({ id: "SnapshotEvent" });

const removed = z.literal(true);

/** `data` of an event `changes`: rows with their new values, or without one and `removed`. */
export const changesEvent = z
  .object({
    ...reflects,
    changes: z.array(
      z.union([
        windowRow,
        entryRow,
        windowRow.omit({ value: true }).extend({ removed }),
        entryRow.omit({ value: true }).extend({ removed }),
      ]),
    ),
  })
  .meta({ id: "ChangesEvent" });
