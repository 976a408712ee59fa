import * as z from "zod";
import { MAX_PAGE } from "../../limits.ts";
import { integer } from "./parameter.ts";

/** `orderBy` is one of the table's columns. */
export const tableQuery = z.strictObject({
  orderBy: z.string().optional(),
  order: z.enum(["asc", "desc"]).default("asc"),
  limit: integer(1, MAX_PAGE).default(100),
});
