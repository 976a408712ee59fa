import * as z from "zod";
import { DEFAULT_READ_BYTES, DEFAULT_READ_RECORDS, MAX_TIMESTAMP_MS, MAX_WAIT_MS } from "../../limits.ts";
import { integer } from "./parameter.ts";

const offset = integer(0);

/** `maxRecords` and `maxBytes` are upper bounds: an answer may hold less, and does above the platform's own limits. */
export const readQuery = z.strictObject({
  offset: z
    .union([z.enum(["earliest", "latest"]), offset], { error: "expected an offset, earliest or latest" })
    .optional(),
  timestamp: integer(0, MAX_TIMESTAMP_MS).optional(),
  maxRecords: integer(1).default(DEFAULT_READ_RECORDS),
  maxBytes: integer(1).default(DEFAULT_READ_BYTES),
  waitMs: integer(0, MAX_WAIT_MS).default(0),
  format: z.literal("binary").optional(),
});
export type ReadParameters = z.infer<typeof readQuery>;
