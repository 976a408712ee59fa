import * as z from "zod";

export const storeList = z
  .object({ stores: z.array(z.object({ name: z.string(), kind: z.enum(["keyValue", "window"]) })) })
  .meta({ id: "StoreList" });

/** The input that an answer reflects: every record of `topic`/`partition` below `offset`. */
const reflects = { topic: z.string(), partition: z.int(), offset: z.int() };

export const storeValue = z.object({ key: z.string(), value: z.unknown(), ...reflects }).meta({ id: "StoreValue" });

const windowRow = z.object({ key: z.string(), start: z.int(), end: z.int(), value: z.unknown() });

/** A page of one key's windows, by start. The last page has no cursor. */
export const storeWindows = z
  .object({ windows: z.array(windowRow), ...reflects, cursor: z.string().optional() })
  .meta({ id: "StoreWindows" });

/** A page of all keys: `entries` of a keyed store, `windows` of a windowed one. The last page has no cursor. */
export const storePage = z
  .object({
    entries: z.array(z.object({ key: z.string(), value: z.unknown() })).optional(),
    windows: z.array(windowRow).optional(),
    cursor: z.string().optional(),
  })
  .meta({ id: "StorePage" });
